import { SocketAddress } from 'node:net';
import { plainAddress } from '../exchange/client-address.ts';
import { crc32c } from './crc32c.ts';
import { ProxyHeaderError, type ProxiedClient, type ProxyHeader } from './proxied-client.ts';

/** Signature, version and command, family and transport, length. */
const FIXED_BYTES = 16;
/** Of addresses and extensions. The largest that proxies send is a client certificate, of a few KiB. */
const MAX_BLOCK_BYTES = 16 * 1024;
const EXTENSION_HEAD_BYTES = 3;
const TYPE_CRC32C = 0x03;

const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0x00;
const UNIX_STREAM = 0x31;
/** Family and transport → size of an address. Datagrams do not come over a connection. */
const INET_STREAMS: Readonly<Record<number, 4 | 16>> = { 0x11: 4, 0x21: 16 };
const UNIX_ADDRESSES_BYTES = 216;

/**
 * Reads the binary header of version 2 (section 2.2 of the specification). Extensions are passed over,
 * but for a checksum, which has to be right.
 * @param bytes begin with the signature
 * @returns null while it is not whole
 * @throws ProxyHeaderError
 */
export function readProxyHeaderV2(bytes: Buffer): ProxyHeader | null {
  if (bytes.length < FIXED_BYTES) return null;
  const command = bytes.readUInt8(12);
  if (command !== LOCAL && command !== PROXY)
    throw new ProxyHeaderError('a version or command that is not known');
  const length = bytes.readUInt16BE(14);
  if (length > MAX_BLOCK_BYTES) throw new ProxyHeaderError(`more than ${MAX_BLOCK_BYTES} bytes`);
  const size = FIXED_BYTES + length;
  if (bytes.length < size) return null;
  const family = bytes.readUInt8(13);
  // LOCAL: what follows, the family included, is to be discarded.
  if (command === LOCAL || family === UNSPECIFIED) return { bytes: size, client: null };
  const header = bytes.subarray(0, size);
  return { bytes: size, client: readClient(header, family) };
}

function readClient(header: Buffer, family: number): ProxiedClient {
  if (family === UNIX_STREAM) {
    readExtensions(header, FIXED_BYTES + UNIX_ADDRESSES_BYTES);
    return { address: 'unknown', port: 0, local: null };
  }
  const addressBytes = INET_STREAMS[family];
  if (addressBytes === undefined) throw new ProxyHeaderError('a family that is none of a connection');
  const ports = FIXED_BYTES + 2 * addressBytes;
  readExtensions(header, ports + 4);
  const addressAt = (start: number): string => addressOf(header.subarray(start, start + addressBytes));
  return {
    address: addressAt(FIXED_BYTES),
    port: header.readUInt16BE(ports),
    local: { address: addressAt(FIXED_BYTES + addressBytes), port: header.readUInt16BE(ports + 2) },
  };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return plainAddress(new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address);
}

/** Type, length and value one after the other, up to the end of the header. */
function readExtensions(header: Buffer, start: number): void {
  if (start > header.length) throw new ProxyHeaderError('a length that is less than that of the addresses');
  let checksumAt: number | null = null;
  let at = start;
  while (at < header.length) {
    const value = at + EXTENSION_HEAD_BYTES;
    const end = value > header.length ? value : value + header.readUInt16BE(at + 1);
    if (end > header.length) throw new ProxyHeaderError('an extension that goes beyond the header');
    if (header[at] === TYPE_CRC32C) {
      if (end - value !== 4 || checksumAt !== null)
        throw new ProxyHeaderError('a checksum that is not the only one, of four bytes');
      checksumAt = value;
    }
    at = end;
  }
  if (checksumAt === null) return;
  // The checksum itself counts as zeros.
  const actual = crc32c(header.subarray(0, checksumAt), Buffer.alloc(4), header.subarray(checksumAt + 4));
  if (actual !== header.readUInt32BE(checksumAt)) throw new ProxyHeaderError('a wrong checksum');
}
