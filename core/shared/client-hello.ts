/** What a client offers that Node does not tell of. */
export interface ClientHello {
  /** Cipher suites by the numbers of their registry. */
  readonly suites: readonly number[];
  readonly offersTls13: boolean;
  /** As sent (RFC 6066 3); empty where the client names none. */
  readonly serverName: string;
  /** Protocols that it offers by ALPN (RFC 7301 3.1), in its order. */
  readonly protocols: readonly string[];
}

/** Of all that a client may send ahead of its first answer; a hello with post-quantum key shares and a long ticket has 4 KiB. */
export const MAX_HELLO_BYTES = 32 * 1024;

/** Real clients need one or two. */
const MAX_RECORDS = 16;

const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_HEADER_BYTES = 4;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const HOST_NAME = 0;
const TLS_1_3 = 0x0304;

/**
 * Reads a ClientHello (RFC 8446 4.1.2, the same in TLS 1.2), which may be spread over several records (5.1 there).
 * It is read to choose a certificate by, not to judge it: OpenSSL, which gets it next, does that.
 * @returns how many bytes there have to be at least; null for what is none, or none that is worth waiting for
 */
export function readClientHello(bytes: Buffer): ClientHello | number | null {
  const fragments: Buffer[] = [];
  let inFragments = 0;
  let at = 0;
  for (let records = 0; records < MAX_RECORDS; records += 1) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE_RECORD) return null;
    if (bytes.length < at + RECORD_HEADER_BYTES) return at + RECORD_HEADER_BYTES;
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt16BE(at + 3);
    if (end > MAX_HELLO_BYTES) return null;
    if (bytes.length < end) return end;
    fragments.push(bytes.subarray(at + RECORD_HEADER_BYTES, end));
    inFragments += end - at - RECORD_HEADER_BYTES;
    at = end;
    if (inFragments < HANDSHAKE_HEADER_BYTES) continue;
    const message = Buffer.concat(fragments);
    if (message[0] !== CLIENT_HELLO) return null;
    const whole = HANDSHAKE_HEADER_BYTES + message.readUIntBE(1, 3);
    if (message.length >= whole) return readMessage(message.subarray(HANDSHAKE_HEADER_BYTES, whole));
  }
  return null;
}

/** version, random, session id, cipher suites, compression methods, extensions */
function readMessage(message: Buffer): ClientHello | null {
  try {
    let at = 2 + 32;
    at += 1 + message.readUInt8(at);
    const suites = uint16List(vector(message, at, 2));
    at += 2 + 2 * suites.length;
    at += 1 + message.readUInt8(at);
    // Extensions may be missing altogether in TLS 1.2.
    const extensions = at === message.length ? Buffer.alloc(0) : vector(message, at, 2);
    return { suites, ...readExtensions(extensions) };
  } catch (error) {
    // A length that goes beyond the end.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** RFC 8446 4.2. */
function readExtensions(extensions: Buffer): Omit<ClientHello, 'suites'> {
  let offersTls13 = false;
  let serverName = '';
  let protocols: readonly string[] = [];
  for (let at = 0; at < extensions.length;) {
    const content = vector(extensions, at + 2, 2);
    const type = extensions.readUInt16BE(at);
    if (type === SUPPORTED_VERSIONS) offersTls13 = uint16List(vector(content, 0, 1)).includes(TLS_1_3);
    else if (type === SERVER_NAME) serverName = hostNameIn(content);
    else if (type === ALPN) protocols = protocolsIn(content);
    at += 4 + content.length;
  }
  return { offersTls13, serverName, protocols };
}

/** RFC 6066 3: a list with one name of each type, and there is one type. */
function hostNameIn(content: Buffer): string {
  const list = vector(content, 0, 2);
  return list.readUInt8(0) === HOST_NAME ? vector(list, 1, 2).toString('latin1') : '';
}

/** RFC 7301 3.1. */
function protocolsIn(content: Buffer): string[] {
  const list = vector(content, 0, 2);
  const protocols: string[] = [];
  for (let at = 0; at < list.length;) {
    const protocol = vector(list, at, 1);
    protocols.push(protocol.toString('latin1'));
    at += 1 + protocol.length;
  }
  return protocols;
}

/** What follows a length of `lengthBytes`. @throws RangeError when it goes beyond the end */
function vector(bytes: Buffer, at: number, lengthBytes: 1 | 2): Buffer {
  const begin = at + lengthBytes;
  const end = begin + bytes.readUIntBE(at, lengthBytes);
  if (end > bytes.length) throw new RangeError('a length goes beyond the end');
  return bytes.subarray(begin, end);
}

function uint16List(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16BE(2 * index));
}
