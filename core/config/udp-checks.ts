import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';

/** Where the datagrams of UDP listeners can not go, or not as somebody may think. */
export function udpFindings({ listeners, upstreams }: Draft): Finding[] {
  return listeners.flatMap(({ protocol, upstream }, index): Finding[] => {
    const target = upstream === undefined ? undefined : upstreams?.get(upstream);
    if (protocol !== 'udp' || target === undefined) return [];
    const path = ['listeners', index, 'upstream'];
    const found = `found "${upstream}"`;
    const unix = target.backends.findIndex((address) => address?.parsed.kind === 'unix');
    if (unix !== -1) {
      const message = `expected an upstream whose backends have IP addresses or host names, ${found}, whose backends[${unix}] is a Unix socket`;
      return [{ path, message }];
    }
    if (target.tls === undefined || target.tls === false) return [];
    return [{ path, message: `expected an upstream without \`tls\`, ${found}: datagrams go as they are` }];
  });
}
