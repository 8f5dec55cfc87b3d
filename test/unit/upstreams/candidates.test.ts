import { expect, test } from 'vitest';
import { candidatesOf, type Standing } from '../../../core/upstreams/candidates.ts';

/**
 * Backends as a text: `a b! c- d2 e>a`. `-`: takes no requests; `!`: ejected; a digit: its group, else 0;
 * `>a`: backup for a.
 */
function backends(text: string): Standing[] {
  return text.split(' ').map((word) => ({
    rowText: word.slice(0, 1),
    backupFor: word.includes('>') ? word.slice(word.indexOf('>') + 1, word.indexOf('>') + 2) : null,
    priority: Number(/\d/.exec(word)?.[0] ?? 0),
    takesRequests: !word.includes('-'),
    isEjected: word.includes('!'),
  }));
}

function chosen(text: string, minAvailable = 1, maxEjected = 0.5): string {
  return candidatesOf(backends(text), { minAvailable, maxEjected })
    .map(({ rowText }) => rowText)
    .join('');
}

test.each([
  ['all that take requests', 'a b- c', 'ac'],
  ['none', 'a- b-', ''],

  ['the ejected are left out', 'a b! c', 'ac'],
  ['half of them ejected is still believed', 'a b! c! d', 'ad'],
  ['more than half is not: all are used', 'a b! c!', 'abc'],
  ['only the usable are counted', 'a b! c- d-', 'a'],
  ['the only one is not left out', 'a!', 'a'],

  ['the first group alone', 'a b c1 d2', 'ab'],
  ['the next one when the first is gone', 'a- b- c1 d2', 'c'],
  ['a group whose backends are ejected', 'a! b1 c2', 'b'],
  ['groups need not begin at 0, nor stand in order', 'a7 b3 c5', 'b'],

  ['a backup waits for its primary', 'a b>a c', 'ac'],
  ['and takes its place', 'a- b>a c', 'bc'],
  ['also when it is ejected', 'a! b>a', 'b'],
  ['also when it is gone', 'b>a c', 'bc'],
  ['all backups of one primary', 'a- b>a c>a', 'bc'],
  ['a backup that is down itself', 'a- b->a c', 'c'],
  ['one of the addresses of the primary is enough', 'a a- b>a', 'a'],
  ['a primary with a backup may always be ejected', 'a! b>a c! d>c', 'bd'],
  ['a group of pairs', 'a- b>a c1', 'b'],
])('%s: %s → %s', (_, text, expected) => {
  expect(chosen(text)).toBe(expected);
});

test.each([
  ['enough in the first', 'a b c1', 2, 'ab'],
  ['the next group besides', 'a b- c1 d2', 2, 'ac'],
  ['as many groups as it takes', 'a b1 c2 d3', 3, 'abc'],
  ['never more than there are', 'a b1', 9, 'ab'],
  ['the ejected are not available', 'a b! c1 d', 3, 'acd'],
  ['a backup in the place of its primary is', 'a- b>a c d1', 2, 'bc'],
])('minAvailable: %s: %s, %i → %s', (_, text, minAvailable, expected) => {
  expect(chosen(text, minAvailable)).toBe(expected);
});

test.each([
  [0, 'a b! c', 'abc'],
  [1, 'a! b! c', 'c'],
  [1, 'a! b!', ''],
])('with at most %d of them ejected: %s → %s', (maxEjected, text, expected) => {
  expect(chosen(text, 1, maxEjected)).toBe(expected);
});
