import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../../../core/http2/frame-reader.ts';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import { frame } from '../../support/http2-frames.ts';

/** What a reader makes of these chunks: DATA of one frame joined, with all the window that it took. */
function read(chunks: readonly Buffer[]): unknown[] {
  const found: unknown[] = [];
  let content = Buffer.alloc(0);
  let window = 0;
  const reader = new FrameReader(
    {
      onData(streamId, part, flowBytes, flags, isLast) {
        content = Buffer.concat([content, part]);
        window += flowBytes;
        if (!isLast) return;
        found.push(['data', streamId, flags, content.toString('hex'), window]);
        content = Buffer.alloc(0);
        window = 0;
      },
      onFrame: (type, flags, streamId, payload) =>
        void found.push([type, flags, streamId, payload.toString('hex')]),
    },
    16_384,
  );
  for (const chunk of chunks) reader.receive(Buffer.from(chunk));
  return found;
}

const payload = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const padded = fc
  .tuple(payload, fc.nat(20))
  .map(([content, pad]) => Buffer.concat([Buffer.from([pad]), content, Buffer.alloc(pad)]));
const anyFrame = fc.oneof(
  fc
    .tuple(fc.constantFrom(1, 3, 4, 6, 8, 9, 0x50), fc.nat(255), fc.nat(9), payload)
    .map((parts) => frame(...parts)),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), payload)
    .map(([id, content]) => frame(FrameType.Data, 0, id, content)),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), padded)
    .map(([id, content]) => frame(FrameType.Data, Flag.Padded | Flag.EndStream, id, content)),
);

test('frames are the same wherever what comes is cut', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(400)), (frames, cuts) => {
      const bytes = Buffer.concat(frames);
      const at = [...new Set(cuts.filter((cut) => cut < bytes.length))].toSorted((a, b) => a - b);
      const chunks = [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
      expect(read(chunks)).toEqual(read(frames));
    }),
  );
});

test.each([
  ['a frame larger than allowed', frame(FrameType.Headers, 0, 1, Buffer.alloc(16_385))],
  ['DATA of no stream', frame(FrameType.Data, 0, 0, 'a')],
  ['padded DATA without the length of its padding', frame(FrameType.Data, Flag.Padded, 1, '')],
  ['DATA with more padding than it holds', frame(FrameType.Data, Flag.Padded, 1, Buffer.from([9, 1, 2]))],
])('%s is an error of the connection', (_name, bytes) => {
  expect(() => read([bytes])).toThrow(expect.objectContaining({ scope: 'connection' }));
});
