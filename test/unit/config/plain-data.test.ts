import { describe, expect, test } from 'vitest';
import { whyNotPlain } from '../../../core/config/plain-data.ts';

describe('plain data', () => {
  const shared = { a: 1 };
  test.each([
    [null],
    ['a'],
    [1],
    [true],
    [[1, [2]]],
    [{ a: { b: undefined } }],
    [Object.create(null)],
    [[shared, shared]],
  ])('%j is', (value) => {
    expect(whyNotPlain(value)).toBeUndefined();
  });

  const circle: { self?: object } = {};
  circle.self = circle;
  test.each<[string, unknown, string, string]>([
    ['a function', { a: [() => 1] }, 'a[0]', 'a function'],
    ['a symbol', { a: Symbol('x') }, 'a', 'a symbol'],
    ['a bigint', 1n, '', 'a bigint'],
    ['nothing', undefined, '', 'nothing'],
    ['NaN', { a: Number.NaN }, 'a', 'NaN'],
    ['infinity', { a: Infinity }, 'a', 'Infinity'],
    ['a date', { a: new Date() }, 'a', 'an instance of Date'],
    ['a map', { a: new Map() }, 'a', 'an instance of Map'],
    ['a promise', { a: Promise.resolve(1) }, 'a', 'a promise'],
    ['a circle', { a: circle }, 'a.self', 'a reference to an object around it'],
  ])('%s is not', (_, value, path, found) => {
    expect(whyNotPlain(value)).toEqual({ path, message: `expected plain data, found ${found}` });
  });
});
