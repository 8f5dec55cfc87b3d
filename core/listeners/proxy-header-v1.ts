import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { plainAddress } from '../exchange/client-address.ts';
import { ProxyHeaderError, type ProxyHeader } from './proxied-client.ts';

/** The longest line there can be, CRLF included. */
const MAX_BYTES = 107;
const PORT = /^(?:0|[1-9]\d{0,4})$/;

/**
 * Reads the line of version 1 (section 2.1 of the specification): single spaces, decimal numbers without leading
 * zeros, CRLF. The addresses come out in their canonical form.
 * @param bytes begin with `PROXY `
 * @returns null while it is not whole
 * @throws ProxyHeaderError
 */
export function readProxyHeaderV1(bytes: Buffer): ProxyHeader | null {
  const text = bytes.toString('latin1', 0, MAX_BYTES);
  const end = text.search(/[\r\n]/);
  if (end === -1 || (end === text.length - 1 && text.endsWith('\r'))) {
    if (text.length < MAX_BYTES) return null;
    throw new ProxyHeaderError(`no CRLF within ${MAX_BYTES} bytes`);
  }
  if (!text.startsWith('\r\n', end)) throw new ProxyHeaderError('a bare CR or LF');
  const [, family, ...fields] = text.slice(0, end).split(' ');
  const size = end + '\r\n'.length;
  // What stands behind UNKNOWN is to be ignored.
  if (family === 'UNKNOWN') return { bytes: size, client: null };
  const canonical = family === 'TCP4' ? ipv4 : family === 'TCP6' ? ipv6 : null;
  if (canonical === null) throw new ProxyHeaderError('a protocol other than TCP4, TCP6 and UNKNOWN');
  const [source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = fields;
  if (more.length > 0) throw new ProxyHeaderError('more than two addresses and two ports');
  return {
    bytes: size,
    client: {
      address: canonical(source),
      port: portOf(sourcePort),
      local: { address: canonical(destination), port: portOf(destinationPort) },
    },
  };
}

function ipv4(text: string): string {
  if (isIPv4(text)) return text;
  throw new ProxyHeaderError('an address that is not IPv4');
}

function ipv6(text: string): string {
  if (!isIPv6(text) || text.includes('%')) throw new ProxyHeaderError('an address that is not IPv6');
  return plainAddress(new SocketAddress({ address: text, family: 'ipv6' }).address);
}

function portOf(text: string): number {
  const port = Number(text);
  if (PORT.test(text) && port <= 65_535) return port;
  throw new ProxyHeaderError('a port that is none');
}
