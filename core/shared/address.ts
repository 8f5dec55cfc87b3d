import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { SocketAddressConfig } from './config-types.ts';

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;
const PORT = /^\d{1,5}$/;

/** `sun_path` of unix(7) without its final NUL; other systems allow a few less. */
export const LONGEST_UNIX_PATH_BYTES = 107;

/**
 * Reads `'127.0.0.1:80'`, `'[::1]:80'`, `'localhost:80'`, `':80'` (every interface, host `::`) and `'unix:/path'`.
 * Hosts come out in lower case and IPv6 addresses in their canonical form (RFC 5952), without brackets;
 * port 0 is let through. Undefined for anything else.
 */
export function parseAddress(text: string): SocketAddressConfig | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path === '' || path.includes('\0') ? undefined : { kind: 'unix', path };
  }
  const colon = text.lastIndexOf(':');
  if (colon === -1) return undefined;
  const port = parsePort(text.slice(colon + 1));
  const host = parseHost(text.slice(0, colon));
  return port === undefined || host === undefined ? undefined : { kind: 'tcp', host, port };
}

function parsePort(text: string): number | undefined {
  const port = Number(text);
  return PORT.test(text) && port <= 65_535 ? port : undefined;
}

function parseHost(text: string): string | undefined {
  if (text === '') return '::';
  if (text.startsWith('[') && text.endsWith(']')) return canonicalIPv6(text.slice(1, -1));
  if (isIPv4(text)) return text;
  // What ends in a number is an IPv4 address to most resolvers, and this one is none: 300.0.0.1, 127.1
  if (!HOST_NAME.test(text) || /(?:^|\.)\d+$/.test(text)) return undefined;
  return text.toLowerCase();
}

function canonicalIPv6(text: string): string | undefined {
  if (!isIPv6(text)) return undefined;
  // SocketAddress drops a zone (fe80::1%eth0)
  return text.includes('%') ? text : new SocketAddress({ address: text, family: 'ipv6' }).address;
}

/** The text that `parseAddress` reads as this address. */
export function formatAddress(address: SocketAddressConfig): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/**
 * The host name that has to be resolved before this address can be connected to; null: there is none.
 * `localhost` is this machine whatever a resolver says (RFC 6761 6.3): one backend, connected to by either family.
 */
export function hostNameOf(address: SocketAddressConfig): string | null {
  if (address.kind === 'unix' || isIP(address.host) !== 0 || address.host === 'localhost') return null;
  return address.host;
}
