import { expect, test } from 'vitest';
import { FieldCopy } from '../../../../plugins/builtin/cache/field-copy.ts';
import { keyedTarget, type QueryRule } from '../../../../plugins/builtin/cache/request-keys.ts';
import { variantOf, varyOf } from '../../../../plugins/builtin/cache/variants.ts';

const names = new Set(['a', 'b c']);

test.each<[string, QueryRule, string]>([
  ['/p?a=1&x=2', { kind: 'all' }, '/p?a=1&x=2'],
  ['/p?a=1&x=2', { kind: 'none' }, '/p'],
  ['/p?a=1&x=2&a=3', { kind: 'only', names }, '/p?a=1&a=3'],
  ['/p?a=1&x=2', { kind: 'except', names }, '/p?x=2'],
  ['/p?b+c=1&b%20c=2&%61=3&x', { kind: 'only', names }, '/p?b+c=1&b%20c=2&%61=3'],
  ['/p?x=1', { kind: 'only', names }, '/p'],
  ['/p?%ff=1', { kind: 'except', names }, '/p?%ff=1'],
  ['/p', { kind: 'only', names }, '/p'],
])('%s by %o is %s', (target, rule, keyed) => {
  expect(keyedTarget(target, rule)).toBe(keyed);
});

test.each<[string | null, readonly string[] | null]>([
  [null, []],
  ['', []],
  ['Accept-Language, ACCEPT , accept', ['accept', 'accept-language']],
  ['*', null],
  ['accept, not a name', null],
  [Array.from({ length: 17 }, (_, i) => `x-${i}`).join(), null],
])('Vary: %s names %o', (field, found) => {
  expect(varyOf(field)).toEqual(found);
});

test('no two requests that differ in a field are the same variant', () => {
  const requests: [string, string][][] = [
    [],
    [['x-a', '']],
    [['x-a', 'null']],
    [['x-a', '1']],
    [['x-b', '1']],
    [
      ['x-a', '1'],
      ['x-b', ''],
    ],
    [['x-a', '1","x-b":"']],
    [
      ['x-a', '1'],
      ['x-b', '1'],
    ],
  ];
  const variants = requests.map((fields) => variantOf(['x-a', 'x-b'], new FieldCopy(fields)));
  expect(new Set(variants).size).toBe(requests.length);
});

test('lists of codings that mean the same are the same variant', () => {
  const variants = ['gzip, br', 'br,gzip', 'GZIP , br'].map((value) =>
    variantOf(['accept-encoding'], new FieldCopy([['Accept-Encoding', value]])),
  );
  expect(new Set(variants).size).toBe(1);
});
