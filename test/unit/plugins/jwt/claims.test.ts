import { expect, test } from 'vitest';
import { claimAt, fieldText, fulfils, variableOf } from '../../../../plugins/builtin/jwt/claims.ts';
import { hasDuplicateNames } from '../../../../plugins/builtin/jwt/duplicate-names.ts';

test.each([
  ['kim', 'kim'],
  ['a b', 'a b'],
  [' a b ', '%20a%20b%20'],
  ['100%', '100%25'],
  ['\ud800', '%EF%BF%BD'],
  [3, '3'],
  [false, 'false'],
  [['a b', 1, true], 'a%20b,1,true'],
  [[], null],
  ['', null],
  [null, null],
  [undefined, null],
  [[['a']], '[["a"]]'],
  [{ a: 'ü\n' }, String.raw`{"a":"\u00fc\n"}`],
])('%j is the field %j', (value, text) => {
  expect(fieldText(value)).toBe(text);
});

test.each([
  ['ü', 'ü'],
  [0, 0],
  [['a,b'], '["a,b"]'],
  [{ a: 1 }, '{"a":1}'],
  [null, null],
])('%j is the variable %j', (value, variable) => {
  expect(variableOf(value)).toBe(variable);
});

test('a claim is found by its name, then by its way; nothing is found in a prototype', () => {
  const claims = { 'https://a.example/roles': 1, a: { b: { c: 2 } }, 'a.b': 3, list: ['x'] };
  expect(
    ['https://a.example/roles', 'a.b.c', 'a.b', 'list.0', 'toString', 'a.constructor'].map((name) =>
      claimAt(claims, name),
    ),
  ).toEqual([1, 2, 3, undefined, undefined, undefined]);
});

test.each([
  [{}, { scope: [], claims: {} }, true],
  [{ scope: 'a b' }, { scope: ['b'], claims: {} }, true],
  [{ scope: ['a', 'b'] }, { scope: ['b', 'a'], claims: {} }, true],
  [{ scope: 'ab' }, { scope: ['a'], claims: {} }, false],
  [{ scope: 7 }, { scope: ['7'], claims: {} }, false],
  [{ scope: '', scp: 'a' }, { scope: ['a'], claims: {} }, false],
  [{ n: 1 }, { scope: [], claims: { n: '1' } }, false],
  [{ n: [2, 1] }, { scope: [], claims: { n: [1] } }, true],
  [{}, { scope: [], claims: { n: [] } }, false],
])('%j fulfils %j: %s', (claims, wanted, expected) => {
  expect(fulfils(claims, wanted)).toBe(expected);
});

test.each([
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', false],
  ['{"a":":","b":"{\\"a\\":1","c":"a"}', false],
  ['{"a":"a","b":["a","a"]}', false],
  ['{"a":1,"a":1}', true],
  ['{"a":1,"\\u0061":1}', true],
  ['{"b":[{"a":1,"c":{},"a":1}]}', true],
  ['{"__proto__":1,"__proto__":2}', true],
])('names in %s are there twice: %s', (json, expected) => {
  expect(hasDuplicateNames(json)).toBe(expected);
});
