/** The hash functions of keys. A key is a text of bytes (Latin-1), as header fields are; see `keyText`. */

/**
 * 32 bits: FNV-1a, a multiplication a byte, and the last step of MurmurHash3, which spreads the result over
 * all bits. Keys such as user1, user2 then land anywhere. It is no secret: clients that choose their
 * keys can choose their backend.
 */
export function hash32(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix32(hash);
}

/** The last step of MurmurHash3: every bit of the input changes half of the bits of the output. */
export function mix32(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** The CRC-32 of Ethernet and zlib, unfinished: `crcText` and `crcNumber` go on with it, `crcEnd` finishes. */
export const CRC_BEGIN = 0xffffffff;

export function crcText(crc: number, text: string): number {
  let next = crc;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    next = (CRC_TABLE[(next ^ code) & 0xff] ?? 0) ^ (next >>> 8);
    // No byte: a rule has set it.
    if (code > 0xff) next = (CRC_TABLE[(next ^ (code >>> 8)) & 0xff] ?? 0) ^ (next >>> 8);
  }
  return next;
}

/** Four bytes, the lowest first. */
export function crcNumber(crc: number, number: number): number {
  let next = crc;
  for (let shift = 0; shift < 32; shift += 8)
    next = (CRC_TABLE[(next ^ (number >>> shift)) & 0xff] ?? 0) ^ (next >>> 8);
  return next;
}

export function crcEnd(crc: number): number {
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * What of a key is hashed. With `subKey`, of a key that has something in braces only that (`cart:{user7}` and
 * `orders:{user7}` are then one key), as Redis Cluster and twemproxy have it.
 */
export function keyText(key: Uint8Array | string, subKey: boolean): string {
  const text =
    typeof key === 'string'
      ? key
      : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  if (!subKey) return text;
  const open = text.indexOf('{');
  const close = open === -1 ? -1 : text.indexOf('}', open + 1);
  return close > open + 1 ? text.slice(open + 1, close) : text;
}
