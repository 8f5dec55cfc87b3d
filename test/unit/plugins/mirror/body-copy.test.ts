import { expect, test } from 'vitest';
import { BodyCopy } from '../../../../plugins/builtin/mirror/body-copy.ts';

type Copied = Uint8Array | 'tooLarge' | 'notWhole';

const LARGEST = 64 * 1024;
const drop = (): void => undefined;

function copyOf(pieces: readonly string[], largest = LARGEST): { passed: string; copied: Copied[] } {
  const copied: Copied[] = [];
  let passed = '';
  const copy = new BodyCopy(largest, (body) => copied.push(body));
  for (const piece of pieces)
    copy.data(Buffer.from(piece), (each) => {
      passed += Buffer.from(each).toString();
    });
  copy.end();
  copy.close();
  return { passed, copied };
}

test.each([[['']], [['a', 'bc', 'd'.repeat(5000), 'e']], [['x'.repeat(LARGEST)]]])(
  'what passes is copied whole (%#)',
  (pieces) => {
    expect(copyOf(pieces)).toEqual({ passed: pieces.join(''), copied: [Buffer.from(pieces.join(''))] });
  },
);

test('what is over the limit passes, and is not copied', () => {
  expect(copyOf(['ab', 'cd', 'e'], 4)).toEqual({ passed: 'abcde', copied: ['tooLarge'] });
});

test('attack: bodies in chunks of one byte take no more memory than others', () => {
  const piece = Buffer.from('a');
  const copies = Array.from({ length: 20 }, () => new BodyCopy(LARGEST, drop));
  const before = process.memoryUsage().heapUsed;
  for (const copy of copies) for (let i = 0; i < LARGEST; i++) copy.data(piece, drop);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 2 ** 20);
});
