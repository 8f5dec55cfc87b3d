import { expect, test } from 'vitest';
import { RuleVariables } from '../../../core/shared/rule-variables.ts';

const parse: (json: string) => object = JSON.parse;

test('what is set crosses as JSON in ASCII, without what would end a part of a request', () => {
  const variables = new RuleVariables();
  expect(variables.text).toBe('');
  variables.set('a', 'Zoë\n\t\0\u2028𝄞');
  variables.set('b', 1.5);
  variables.set('__proto__', true);
  variables.set('b', 2);
  expect(variables.text).toMatch(/^[\x20-\x7e]+$/);
  expect(Object.entries(parse(variables.text))).toEqual([
    ['a', 'Zoë\n\t\0\u2028𝄞'],
    ['b', 2],
    ['__proto__', true],
  ]);
});

test.each([
  ['no name', '', 'x'],
  ['an infinite number', 'a', Number.POSITIVE_INFINITY],
  ['no number', 'a', Number.NaN],
])('%s is refused', (_, name, value) => {
  expect(() => new RuleVariables().set(name, value)).toThrow(TypeError);
});

test('their number and size are bounded, also when one is set over and over', () => {
  const many = new RuleVariables();
  for (let i = 0; i < 64; i++) many.set(`v${i}`, i);
  expect(() => many.set('v64', 0)).toThrow('at most 64 variables');
  expect(() => many.set('v0', 'again')).not.toThrow();
  const long = new RuleVariables();
  for (let i = 0; i < 10; i++) long.set('a', 'x'.repeat(16_000));
  expect(() => long.set('b', 'x'.repeat(384))).toThrow('at most 16384 characters');
  expect(() => long.set('b', 'x'.repeat(382))).not.toThrow();
});
