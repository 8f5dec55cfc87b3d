import { expect, test } from 'vitest';
import { splitResults } from '../../../rules/batch.ts';

test.each([
  ['0\n', [0]],
  ['0,12,3\n', [0, 12, 3]],
  ['=3\nabc', ['abc']],
  ['7,=3,=0,=2,1\nabcde', [7, 'abc', '', 'de', 1]],
  ['=5\na\nb\nc', ['a\nb\nc']],
])('%j holds its results', (text, results) => {
  expect(splitResults(text, 5)).toEqual(results);
});

test.each([
  ['no string', 7],
  ['no line', '0,1'],
  ['no mark', '\n'],
  ['an empty mark', '1,,2\n'],
  ['more results than requests', '0,0,0,0,0,0\n'],
  ['a negative number', '-1\n'],
  ['a fraction', '1.5\n'],
  ['a number too large', '12345678901\n'],
  ['a negative length', '=-3\nabc'],
  ['a string cut short', '=4\nabc'],
  ['a rest', '=2\nabc'],
  ['spaces', ' 1\n'],
])('%s is refused', (_what, text) => {
  expect(splitResults(text, 5)).toBe(null);
});
