const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n');

/** A header of version 2 of the PROXY protocol, right or wrong. */
export function proxyHeaderV2(parts: {
  readonly command?: number;
  readonly family?: number;
  readonly block: Uint8Array;
  /** Of the block, unless a test lies about it. */
  readonly length?: number;
}): Buffer {
  const { command = 0x21, family = 0x11, block, length = block.length } = parts;
  const fixed = Buffer.from([command, family, length >>> 8, length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, block]);
}

/** 192.0.2.7:4711 → 198.51.100.1:443. */
export const IPV4_BLOCK = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 0x01, 0xbb]);

/** One extension of version 2: type, length, value. */
export function extension(type: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >>> 8, value.length & 0xff]), value]);
}
