import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HpackDecoder } from '../../../core/http2/hpack-decoder.ts';
import { HpackEncoder } from '../../../core/http2/hpack-encoder.ts';

const latin1 = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const name = fc.oneof(
  fc.constantFrom(':method', ':path', 'cookie', 'set-cookie', 'x-a', 'content-type', 'etag', 'authorization'),
  latin1.filter((text) => text !== ''),
);
const blocks = fc.array(fc.array(fc.tuple(name, latin1), { maxLength: 30 }), { maxLength: 8 });

test('blocks of a connection come out as they went in, whatever the table sizes between them', () => {
  fc.assert(
    fc.property(blocks, fc.array(fc.nat(6000)), (sent, sizes) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder(4096);
      for (const [index, fields] of sent.entries()) {
        const size = sizes[index];
        // A peer that allows more than 4096 gets no more than that.
        if (size !== undefined) encoder.setMaxTableBytes(size);
        const received: [string, string][] = [];
        decoder.decode(Buffer.from(encoder.encode(fields)), (key, value) => void received.push([key, value]));
        expect(received).toEqual(fields);
      }
    }),
  );
});

test('what repeats is one byte a field, but secrets never are', () => {
  const encoder = new HpackEncoder();
  const fields = [
    [':status', '200'],
    ['content-type', 'text/html'],
    ['x-frame-options', 'deny'],
  ] as const;
  encoder.encode(fields);
  expect(encoder.encode(fields)).toHaveLength(3);
  const secret = [['authorization', 'Basic abc']] as const;
  const first = Buffer.from(encoder.encode(secret));
  expect(Buffer.from(encoder.encode(secret))).toEqual(first);
  // RFC 7541 6.2.3: never indexed, by nobody on the way.
  expect((first[0] ?? 0) & 0xf0).toBe(0x10);
});
