/** TPKT (RFC 1006 6): version, a reserved byte, the length of the whole packet. */
const TPKT_VERSION = 3;
const TPKT_LENGTH_AT = 2;
/** X.224 (RFC 905 13.3): its own length, code and credit, two references, class. */
const CODE_AT = 5;
const CONNECTION_REQUEST = 0xe0;
const HEADERS_BYTES = 11;
const LINE_END = '\r\n';

/**
 * The value of a cookie in the X.224 Connection Request with which RDP begins ([MS-RDPBCGR] 2.2.1.1): `Cookie: mstshash=NAME`, a line
 * between the headers and the rest. `name`: without regard to case. `bytes`: the first ones of the connection.
 * @returns how many of them there have to be at least, never more than `maxBytes`; null where there is no such cookie
 */
export function readRdpCookie(bytes: Buffer, name: string, maxBytes: number): string | number | null {
  if (!beginsAsRequest(bytes)) return null;
  if (HEADERS_BYTES > maxBytes) return null;
  if (bytes.length < HEADERS_BYTES) return HEADERS_BYTES;
  const end = Math.min(bytes.readUInt16BE(TPKT_LENGTH_AT), maxBytes);
  const text = bytes.subarray(HEADERS_BYTES, Math.max(HEADERS_BYTES, end)).toString('latin1');
  const prefix = `cookie: ${name}=`.toLowerCase();
  if (!prefix.startsWith(text.slice(0, prefix.length).toLowerCase())) return null;
  const lineEnd = text.indexOf(LINE_END);
  if (lineEnd === -1) return bytes.length < end ? bytes.length + 1 : null;
  const value = text.slice(prefix.length, lineEnd);
  return isValue(value) ? value : null;
}

/** As far as there are bytes. The length of the X.224 part is not looked at: it is one byte, and routing tokens can be longer. */
function beginsAsRequest(bytes: Buffer): boolean {
  const [version] = bytes;
  const code = bytes[CODE_AT];
  return (
    (version === undefined || version === TPKT_VERSION) &&
    // The low bits are the credit, which is 0.
    (code === undefined || (code & 0xf0) === CONNECTION_REQUEST)
  );
}

/** Anything may stand there; a control character is no part of a name. */
function isValue(value: string): boolean {
  return /^[\x20-\x7e\x80-\xff]+$/.test(value);
}
