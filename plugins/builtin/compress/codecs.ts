import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createZstdCompress,
  createZstdDecompress,
  type BrotliCompress,
  type BrotliDecompress,
  type Gunzip,
  type Gzip,
  type Inflate,
  type InflateRaw,
  type ZstdCompress,
  type ZstdDecompress,
} from 'node:zlib';
import type { CodingName } from '../accept-encoding.ts';

export type Codec =
  Gzip | Gunzip | Inflate | InflateRaw | BrotliCompress | BrotliDecompress | ZstdCompress | ZstdDecompress;

/**
 * How far brotli and zstd look back, as a power of two: 512 KiB. Theirs would be 4 and 2 MiB and more, for each answer that is
 * under way; zstd's is also what a browser has to hold, which takes no more than 8 MiB (RFC 9659).
 */
const WINDOW_BITS = 19;

const SMALL_CHUNK = 16 * 1024;
const CHUNK = 64 * 1024;

/** `length`: of the content, as far as it is known. */
export function createEncoder(coding: CodingName, level: number, length: number | null): Codec {
  const chunkSize = length !== null && length <= SMALL_CHUNK ? SMALL_CHUNK : CHUNK;
  switch (coding) {
    case 'gzip':
      return createGzip({ level, chunkSize });
    case 'br':
      return createBrotliCompress({
        chunkSize,
        params: {
          [constants.BROTLI_PARAM_QUALITY]: level,
          [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
          [constants.BROTLI_PARAM_SIZE_HINT]: Math.min(length ?? 0, 2 ** 30),
        },
      });
    case 'zstd':
      return createZstdCompress({
        chunkSize,
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_windowLog]: WINDOW_BITS,
        },
      });
  }
}

/** `first`: the first byte of what is coded. */
export function createDecoder(coding: CodingName | 'deflate', first: number): Codec {
  switch (coding) {
    case 'gzip':
      return createGunzip({ chunkSize: CHUNK });
    case 'deflate':
      // Some send the bare stream in place of the zlib format that RFC 9110 8.4.1.2 means, whose first byte names the method 8.
      return (first & 0x0f) === 8
        ? createInflate({ chunkSize: CHUNK })
        : createInflateRaw({ chunkSize: CHUNK });
    case 'br':
      return createBrotliDecompress({ chunkSize: CHUNK });
    case 'zstd':
      // A frame may ask for a window of any size: no more than RFC 9659 lets it.
      return createZstdDecompress({ chunkSize: CHUNK, params: { [constants.ZSTD_d_windowLogMax]: 23 } });
  }
}
