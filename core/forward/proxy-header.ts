import { readAddress, words } from '../shared/address-words.ts';
import type { Client } from '../shared/client.ts';

const V2_SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const V2_PROXY = '\x21';
const TCP_OVER_IPV4 = '\x11';
const TCP_OVER_IPV6 = '\x21';
/** Family 0, and no bytes of addresses. */
const V2_UNKNOWN = `${V2_SIGNATURE}${V2_PROXY}\0\0\0`;
const V1_UNKNOWN = 'PROXY UNKNOWN\r\n';

/**
 * The header of the PROXY protocol that tells a backend of this client, as latin1 text.
 * @param clientAddress the peer's, or the one that it named, whose port is not known then
 */
export function proxyHeader(version: 'v1' | 'v2', peer: Client, clientAddress: string): string {
  const source = bytesOf(clientAddress);
  const destination = bytesOf(peer.localAddress);
  if (source === null || destination === null) return version === 'v1' ? V1_UNKNOWN : V2_UNKNOWN;
  const sourcePort = clientAddress === peer.address ? peer.port : 0;
  const isV4 = source.length === 4 && destination.length === 4;
  const write = version === 'v1' ? writeV1 : writeV2;
  return write(isV4, isV4 ? source : asV6(source), isV4 ? destination : asV6(destination), [
    sourcePort,
    peer.localPort,
  ]);
}

function writeV1(
  isV4: boolean,
  source: Buffer,
  destination: Buffer,
  [from, to]: readonly [number, number],
): string {
  const text = (address: Buffer): string =>
    isV4 ? address.join('.') : (address.toString('hex').match(/.{4}/g) ?? []).join(':');
  return `PROXY ${isV4 ? 'TCP4' : 'TCP6'} ${text(source)} ${text(destination)} ${from} ${to}\r\n`;
}

function writeV2(
  isV4: boolean,
  source: Buffer,
  destination: Buffer,
  [from, to]: readonly [number, number],
): string {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(from, 0);
  ports.writeUInt16BE(to, 2);
  const block = Buffer.concat([source, destination, ports]);
  const length = Buffer.from([0, block.length]);
  return `${V2_SIGNATURE}${V2_PROXY}${isV4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6}${length.toString('latin1')}${block.toString('latin1')}`;
}

/** In network order, four or sixteen; null for what is no address (`unknown`, RFC 7239 6.2). */
function bytesOf(address: string): Buffer | null {
  const family = readAddress(address);
  if (family === 0) return null;
  const bytes = Buffer.alloc(family === 4 ? 4 : 16);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(words[at / 4] ?? 0, at);
  return bytes;
}

/** Both addresses of a header are of one family: an IPv4 one beside an IPv6 one is written as `::ffff:192.0.2.1` (RFC 4291 2.5.5.2). */
function asV6(address: Buffer): Buffer {
  return address.length === 16
    ? address
    : Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), address]);
}
