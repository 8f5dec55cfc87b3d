import { expect, test } from 'vitest';

import { LastWordsReader } from '../../../core/primary/last-words.ts';

function read(...chunks: string[]): string | null {
  const reader = new LastWordsReader();
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return reader.ruleId();
}

test.each([
  { name: 'nothing', chunks: [], expected: null },
  { name: 'one line', chunks: ['{"ruleId":"a"}\n'], expected: 'a' },
  { name: 'the last of several lines', chunks: ['{"ruleId":"a"}\n{"ruleId":"b"}\n'], expected: 'b' },
  { name: 'a line in pieces', chunks: ['{"rule', 'Id":"a"}', '\n'], expected: 'a' },
  { name: 'a line that was cut off does not count', chunks: ['{"ruleId":"a"}\n{"ruleId":"b'], expected: 'a' },
  {
    name: 'a line that began in the chunk before',
    chunks: ['{"ruleId":"a"}\n{"rule', 'Id":"b"}\n'],
    expected: 'b',
  },
  { name: 'garbage', chunks: ['\u0000\u0001\n'], expected: null },
  { name: 'another shape', chunks: ['{"rule":1}\n'], expected: null },
])('$name', ({ chunks, expected }) => {
  expect(read(...chunks)).toBe(expected);
});
