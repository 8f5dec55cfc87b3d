import type { OwnListener } from '../../certs/own-listener.ts';
import { parseAddress } from '../shared/address.ts';
import type { ListenerConfig, ProxyProtocolConfig } from '../shared/listener-types.ts';

export interface BoundListener {
  readonly config: Pick<ListenerConfig, 'protocol'> & { readonly proxyProtocol?: ProxyProtocolConfig | null };
  /** With the real port. */
  readonly addressText: string;
}

/** The ports that CAs ask (RFC 8555 8.3, RFC 8737 3). */
const USUAL_PORTS = { http: 80, https: 443 };

/** Where this process reaches its own listener of a protocol; null: there is none that it could ask. */
export function ownListener(
  listeners: readonly BoundListener[],
  protocol: 'http' | 'https',
): OwnListener | null {
  const reachable = listeners.flatMap(({ config, addressText }): OwnListener[] => {
    const address = parseAddress(addressText);
    // Before a header of the PROXY protocol only trusted peers are heard.
    if (config.protocol !== protocol || (config.proxyProtocol ?? null) !== null || address?.kind !== 'tcp')
      return [];
    return [{ host: loopbackFor(address.host), port: address.port }];
  });
  return reachable.find(({ port }) => port === USUAL_PORTS[protocol]) ?? reachable[0] ?? null;
}

/** Every interface of a family stands for the loopback one, too. */
function loopbackFor(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
