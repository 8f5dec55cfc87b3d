import net from 'node:net';
import type { Config } from '../../shared/config-types.ts';
import { isHttp } from '../../shared/listener-kinds.ts';
import type { HttpListenerConfig, ListenerConfig } from '../../shared/listener-types.ts';
import type { ExplainedUrl } from './read-url.ts';

export type ListenerChoice =
  | { readonly ok: true; readonly listener: HttpListenerConfig; readonly reason: string }
  | { readonly ok: false; readonly message: string };

/** The listener that a client of this URL would reach, as far as the config can tell: what a name resolves to is not looked up. */
export function chooseListener(config: Config, url: ExplainedUrl, name: string | null): ListenerChoice {
  const all = config.listeners.map((listener) => `${listener.name} (${listener.addressText})`).join(', ');
  if (name !== null) {
    const named = config.listeners.find((listener) => listener.name === name);
    if (named === undefined)
      return { ok: false, message: `expected the name of a listener, found "${name}"; there is ${all}` };
    if (!isHttp(named)) return { ok: false, message: `listener ${name} does not speak HTTP` };
    return { ok: true, listener: named, reason: 'named with --listener' };
  }
  const speaking = config.listeners.filter(isHttp).filter(({ protocol }) => protocol === url.scheme);
  if (speaking.length === 0)
    return { ok: false, message: `no listener speaks ${url.scheme}; there is ${all}` };
  const onPort = speaking.filter(({ address }) => address.kind === 'tcp' && address.port === url.port);
  const fitting = onPort.filter((listener) => reaches(listener, url.hostname));
  const [first] = fitting.toSorted((a, b) => exactness(b) - exactness(a));
  if (first !== undefined) return { ok: true, listener: first, reason: `port ${url.port}` };
  const problem =
    onPort.length > 0
      ? `no listener on port ${url.port} has the address ${url.hostname}`
      : `no listener for ${url.scheme} has port ${url.port}`;
  return { ok: false, message: `${problem}; name one with --listener: ${all}` };
}

function exactness({ address }: ListenerConfig): number {
  return address.kind === 'tcp' && isWildcard(address.host) ? 0 : 1;
}

function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}

/** Whether a connection to this host may arrive at the listener: for certain with an address, as far as one can know with a name. */
function reaches({ address }: ListenerConfig, hostname: string): boolean {
  if (address.kind === 'unix') return false;
  const bare = hostname.replace(/^\[|\]$/g, '');
  const family = net.isIP(bare);
  if (family === 0 || net.isIP(address.host) === 0) return true;
  if (address.host === '::') return true;
  if (address.host === '0.0.0.0') return family === 4;
  return bare === address.host;
}
