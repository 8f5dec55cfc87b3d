import { isIP } from 'node:net';
import { compileCidrs } from '../shared/cidr.ts';
import type { HeaderList } from './headers.ts';

/**
 * Who the client is when the peer is a proxy of ours: the last address in X-Forwarded-For that is
 * not one of our proxies, since everything left of it was written by somebody else.
 */
export function clientAddressBehind(
  peer: string,
  headers: HeaderList,
  isTrusted: (address: string) => boolean,
): string {
  const field = headers.get('x-forwarded-for');
  if (field === null) return peer;
  let client = peer;
  for (const entry of field.split(',').reverse()) {
    const address = withoutPort(entry.trim());
    if (isIP(address) === 0) return client;
    client = plainAddress(address);
    if (!isTrusted(client)) return client;
  }
  return client;
}

/** Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(entry);
  if (bracketed !== null) return bracketed[1] ?? '';
  return /^[\d.]+:\d+$/.test(entry) ? entry.slice(0, entry.indexOf(':')) : entry;
}

/** Stands for the address of a client on a Unix socket, which has none (RFC 7239 6.2). */
export const NO_ADDRESS = 'unknown';

/**
 * As rules, lists, logs and backends are to see an address: an IPv4 client of a dual-stack socket is
 * IPv4, and a zone (`fe80::1%eth0`) says nothing to others (RFC 4007 11.2).
 */
export function plainAddress(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined) return NO_ADDRESS;
  if (remoteAddress.startsWith('::ffff:') && remoteAddress.includes('.')) return remoteAddress.slice(7);
  const zone = remoteAddress.indexOf('%');
  return zone === -1 ? remoteAddress : remoteAddress.slice(0, zone);
}

/** Compiles `forwarded.trust` to a test of a peer's address. */
export function compileTrust(trust: readonly string[]): (address: string) => boolean {
  const inRanges = compileCidrs(trust.filter((each) => each !== 'unix:'));
  return trust.includes('unix:') ? (address) => address === NO_ADDRESS || inRanges(address) : inRanges;
}
