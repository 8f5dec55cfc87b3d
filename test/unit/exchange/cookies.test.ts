import { describe, expect, test } from 'vitest';
import {
  changeCookies,
  changeSetCookies,
  cookieValues,
  setCookieValues,
} from '../../../core/exchange/cookies.ts';
import { HeaderList } from '../../../core/exchange/headers.ts';

function fields(name: string, values: readonly string[]): HeaderList {
  const headers = new HeaderList();
  for (const value of values) headers.append(name, value);
  return headers;
}

describe('the values of a cookie', () => {
  test.each<[readonly string[], readonly string[]]>([
    [[], []],
    [['a=1'], ['1']],
    [['b=2; a=1; c=3'], ['1']],
    [['b=2;a=1;c=3'], ['1']],
    [['a=1; a=2'], ['1', '2']],
    [
      ['a=1', 'b=2', 'a=3'],
      ['1', '3'],
    ],
    [['aa=1; ba=2; a.b=3'], []],
    [['b=a=1'], []],
    [['b="; a=1'], ['1']],
    [[' a = 1 ;b=2'], ['1']],
    [['a=x=y'], ['x=y']],
    [['a='], ['']],
    [['a= ; b=1'], ['']],
    [['a'], []],
    [['a; a=1'], ['1']],
    [['A=1'], []],
    [['a;=1'], []],
  ])('%o → %o', (sent, values) => {
    expect(cookieValues(fields('cookie', sent), 'a')).toEqual(values);
  });
});

test('a changed cookie leaves all else as it was sent', () => {
  const headers = fields('Cookie', ['b=a; a=1;  a = 2 ;c="a=3"', 'x=y', 'a=4']);
  changeCookies(headers, 'a', (value) => `<${value}>`);
  expect(headers.values).toEqual(['b=a; a=<1>;  a = <2> ;c="a=3"', 'x=y', 'a=<4>']);
});

test('of Set-Cookie fields only those of the name count, and their attributes stay', () => {
  const headers = fields('Set-Cookie', ['a=1; Path=/; a=2', 'b=1; a=3', 'ab=4', 'a=; Max-Age=0', 'a']);
  expect(setCookieValues(headers, 'a')).toEqual(['1', '']);
  changeSetCookies(headers, 'a', (value) => `<${value}>`);
  expect(headers.values).toEqual(['a=<1>; Path=/; a=2', 'b=1; a=3', 'ab=4', 'a=<>; Max-Age=0', 'a']);
});
