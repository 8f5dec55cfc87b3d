import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ErrorCode, Http2Error } from '../../../core/http2/errors.ts';
import { HpackDecoder } from '../../../core/http2/hpack-decoder.ts';

function decode(bytes: Uint8Array): void {
  new HpackDecoder(4096).decode(Buffer.from(bytes), () => {});
}

test.each([
  ['index 0', [0x80]],
  ['an index beyond the table', [0x80 | 62]],
  ['a name beyond the table', [0x7f, 0x00]],
  ['an index that is cut short', [0xff]],
  ['an integer above 2^28', [0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ['an integer that goes on and on', [0xff, ...Array.from({ length: 40 }, () => 0x80)]],
  ['a string that is cut short', [0x40, 0x05, 0x61]],
  ['a length of a gigabyte', [0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x03]],
  ['a table larger than allowed', [0x3f, 0xe2, 0x1f]],
  ['a table size behind a field', [0x82, 0x20]],
  ['the end-of-string symbol in a string', [0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]],
  ['Huffman padding of zeros', [0x00, 0x81, 0x18, 0x00]],
  ['Huffman padding of a whole byte', [0x00, 0x82, 0x1f, 0xff, 0x00]],
])('%s is a compression error', (_name, bytes) => {
  expect(() => decode(Uint8Array.from(bytes))).toThrow(
    expect.objectContaining({ code: ErrorCode.CompressionError, scope: 'connection' }),
  );
});

test('whatever comes is fields or a compression error, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Http2Error);
      }
    }),
    { numRuns: 2000 },
  );
});

/** Literals with incremental indexing that fill the table once each. */
function filling(entries: number, valueBytes: number): Buffer {
  const length = valueBytes - 127;
  const entry = Buffer.concat([
    Buffer.from([0x40, 1, 0x78, 127, (length & 127) | 128, length >>> 7]),
    Buffer.alloc(valueBytes, 'a'),
  ]);
  return Buffer.concat(Array.from({ length: entries }, () => entry));
}

test('an entry that was evicted is a compression error', () => {
  const decoder = new HpackDecoder(4096);
  decoder.decode(filling(3, 3000), () => {});
  decoder.decode(Buffer.from([0x80 | 62]), () => {});
  expect(() => decoder.decode(Buffer.from([0x80 | 63]), () => {})).toThrow(
    expect.objectContaining({ code: ErrorCode.CompressionError }),
  );
});

test('entries that were evicted keep no memory', () => {
  const collect = collector();
  collect();
  const before = process.memoryUsage().heapUsed;
  const decoders = Array.from({ length: 100 }, () => new HpackDecoder(4096));
  for (const decoder of decoders)
    for (let turn = 0; turn < 60; turn++) decoder.decode(filling(1, 16_000), () => {});
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  expect(decoders).toHaveLength(100);
});

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = z.custom<() => void>((value) => typeof value === 'function').parse(runInNewContext('gc'));
  setFlagsFromString('--no-expose-gc');
  return collect;
}
