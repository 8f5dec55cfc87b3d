import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createZstdCompress,
  createZstdDecompress,
  type BrotliCompress,
  type BrotliDecompress,
  type Deflate,
  type Gunzip,
  type Gzip,
  type Inflate,
  type InflateRaw,
  type ZstdCompress,
  type ZstdDecompress,
} from 'node:zlib';
import type { HeaderList } from '../headers.ts';

/** RFC 9110 8.4.1, RFC 7932, RFC 8878: the content codings that can be undone. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

export type Codec =
  | Gzip
  | Gunzip
  | Deflate
  | Inflate
  | InflateRaw
  | BrotliCompress
  | BrotliDecompress
  | ZstdCompress
  | ZstdDecompress;

/** Codings of one body, one in the other; nobody means more. */
const MAX_CODINGS = 4;

/** What Content-Encoding says, in the order in which the codings were applied; 'unknown': it names others, too. */
export function codingsOf(headers: HeaderList): readonly Coding[] | 'unknown' {
  const value = headers.get('content-encoding');
  if (value === null) return [];
  const codings: Coding[] = [];
  for (const part of value.toLowerCase().split(',')) {
    switch (part.trim()) {
      case '':
      case 'identity':
        continue;
      case 'gzip':
      case 'x-gzip':
        codings.push('gzip');
        continue;
      case 'deflate':
        codings.push('deflate');
        continue;
      case 'br':
        codings.push('br');
        continue;
      case 'zstd':
        codings.push('zstd');
        continue;
      default:
        return 'unknown';
    }
  }
  return codings.length > MAX_CODINGS ? 'unknown' : codings;
}

/** `first`: the first byte of the body. */
export function createDecoder(coding: Coding, first: number): Codec {
  switch (coding) {
    case 'gzip':
      return createGunzip();
    case 'deflate':
      // Some send the bare stream in place of the zlib format that RFC 9110 8.4.1.2 means, whose first byte names the method 8.
      return (first & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      // A frame may ask for a window of any size, and that much memory: no more than RFC 9659 lets it, 8 MiB.
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 23 } });
  }
}

/** With the levels that servers use for what they make anew each time. */
export function createEncoder(coding: Coding): Codec {
  switch (coding) {
    case 'gzip':
      return createGzip();
    case 'deflate':
      return createDeflate();
    case 'br':
      return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
    case 'zstd':
      return createZstdCompress();
  }
}
