import net from 'node:net';
import type { Config } from '../../shared/config-types.ts';
import { isHttp } from '../../shared/listener-kinds.ts';
import type { ListenerConfig } from '../../shared/listener-types.ts';

export type ListenerChoice<Kind extends ListenerConfig> =
  | { readonly ok: true; readonly listener: Kind; readonly reason: string }
  | { readonly ok: false; readonly message: string };

/** What a client connects to. */
export interface Destination<Kind extends ListenerConfig> {
  /** As in a URL: `http`, `https`, `tcp`, `udp`. */
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
  /** Whether it can be explained for such a listener. */
  readonly isKind: (listener: ListenerConfig) => listener is Kind;
  /** Whether such a listener is found by the scheme, without being named. */
  readonly speaks: (listener: Kind) => boolean;
}

/** The listener that a client would reach, as far as the config can tell: what a name resolves to is not looked up. */
export function chooseListener<Kind extends ListenerConfig>(
  config: Config,
  { scheme, hostname, port, isKind, speaks }: Destination<Kind>,
  name: string | null,
): ListenerChoice<Kind> {
  const all = config.listeners.map((listener) => `${listener.name} (${listener.addressText})`).join(', ');
  if (name !== null) {
    const named = config.listeners.find((listener) => listener.name === name);
    if (named === undefined)
      return { ok: false, message: `expected the name of a listener, found "${name}"; there is ${all}` };
    if (!isKind(named))
      return { ok: false, message: `listener ${name} speaks ${named.protocol}, not ${scheme}` };
    return { ok: true, listener: named, reason: 'named with --listener' };
  }
  const speaking = config.listeners.filter(isKind).filter(speaks);
  if (speaking.length === 0) return { ok: false, message: `no listener speaks ${scheme}; there is ${all}` };
  const onPort = speaking.filter((listener) => hasPort(listener, port));
  const fitting = onPort.filter((listener) => reaches(listener, hostname));
  const [first] = fitting.toSorted((a, b) => exactness(b) - exactness(a));
  if (first !== undefined) return { ok: true, listener: first, reason: `port ${port}` };
  const problem =
    onPort.length > 0
      ? `no listener on port ${port} has the address ${hostname}`
      : `no listener for ${scheme} has port ${port}`;
  return { ok: false, message: `${problem}; name one with --listener: ${all}` };
}

function hasPort(listener: ListenerConfig, port: number): boolean {
  const { address } = listener;
  if (address.kind === 'unix') return false;
  const last = isHttp(listener) ? null : listener.lastPort;
  return port >= address.port && port <= (last ?? address.port);
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
