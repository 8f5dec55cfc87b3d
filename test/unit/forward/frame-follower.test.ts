import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameFollower } from '../../../core/forward/frame-follower.ts';

const KEY = [1, 2, 3, 4];

function bytes(...parts: (number | readonly number[] | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(typeof part === 'number' ? [part] : part)));
}

const FRAMES: readonly (readonly [what: string, frame: Buffer])[] = [
  ['empty', bytes(0x81, 0)],
  ['empty, masked', bytes(0x82, 0x80, KEY)],
  ['of 1 byte', bytes(0x81, 1, 65)],
  ['of 125 bytes', bytes(0x82, 125, Buffer.alloc(125, 0x88))],
  ['of 125 bytes, masked', bytes(0x82, 0xfd, KEY, Buffer.alloc(125, 0x88))],
  ['of 126 bytes', bytes(0x82, 126, 0, 126, Buffer.alloc(126, 0x88))],
  ['of 65535 bytes, masked', bytes(0x82, 0xfe, 0xff, 0xff, KEY, Buffer.alloc(65_535, 0x88))],
  ['of 65536 bytes', bytes(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0, Buffer.alloc(65_536, 0x88))],
  ['of 65536 bytes, masked', bytes(0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, KEY, Buffer.alloc(65_536, 0x88))],
  ['with a length that could be shorter', bytes(0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1, 65)],
  ['without length, written in 8 bytes', bytes(0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0)],
  ['not final', bytes(0x01, 2, 65, 66)],
  ['compressed (RSV1)', bytes(0xc1, 2, 65, 66)],
  ['ping', bytes(0x89, 4, 1, 2, 3, 4)],
  ['pong, masked', bytes(0x8a, 0x84, KEY, 1, 2, 3, 4)],
];
const CLOSE = bytes(0x88, 2, 3, 0xe8);

test.each(FRAMES)('a frame %s ends where its header says', (_, frame) => {
  const follower = new FrameFollower();
  expect(follower.atBoundary).toBe(true);
  follower.follow(frame.subarray(0, -1));
  expect(follower.atBoundary).toBe(false);
  follower.follow(frame.subarray(-1));
  expect([follower.atBoundary, follower.closed]).toEqual([true, false]);
});

test.each(FRAMES)('behind a frame %s the next one is found', (_, frame) => {
  const follower = new FrameFollower();
  expect(follower.followToBoundary(bytes(frame, CLOSE))).toBe(frame.length);
  expect([follower.atBoundary, follower.closed]).toEqual([true, false]);
  follower.follow(CLOSE);
  expect(follower.closed).toBe(true);
});

test('however the frames are cut, the boundaries are those of the frames', () => {
  const frame = fc.constantFrom(...FRAMES.map(([, each]) => each).filter(({ length }) => length < 200));
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (frames, cuts) => {
        const stream = Buffer.concat(frames);
        const ends = new Set<number>([0]);
        let end = 0;
        for (const { length } of frames) ends.add((end += length));
        const whole = new FrameFollower();
        const step = new FrameFollower();
        for (let at = 0; at < stream.length;) {
          const piece = stream.subarray(at, at + (cuts.next().value ?? 1));
          whole.follow(piece);
          for (let done = 0; done < piece.length;) {
            const before = at + done;
            done += step.followToBoundary(piece.subarray(done));
            const next = [...ends].find((each) => each > before) ?? 0;
            expect(at + done).toBe(Math.min(next, at + piece.length));
            expect(step.atBoundary).toBe(ends.has(at + done));
          }
          at += piece.length;
          expect(whole.atBoundary).toBe(ends.has(at));
        }
      },
    ),
  );
});

test('what follows a close frame is not read as frames', () => {
  const follower = new FrameFollower();
  follower.follow(bytes(CLOSE, 0x82));
  expect([follower.atBoundary, follower.closed]).toEqual([true, true]);
  expect(follower.followToBoundary(bytes(1, 2, 3))).toBe(3);
  expect([follower.atBoundary, follower.closed]).toEqual([true, true]);
});

test('a close frame counts once it is whole', () => {
  const follower = new FrameFollower();
  follower.follow(CLOSE.subarray(0, 3));
  expect([follower.atBoundary, follower.closed]).toEqual([false, false]);
  follower.follow(CLOSE.subarray(3));
  expect(follower.closed).toBe(true);
});
