import { describe, expect, test } from 'vitest';
import { didYouMean, nearestName } from '../../../core/shared/nearest-name.ts';

describe('the nearest name', () => {
  const known = ['upstream', 'address', 'rules', 'a'];

  test.each([
    ['upstrem', 'upstream'],
    ['UpStream', 'upstream'],
    ['adress', 'address'],
    ['rule', 'rules'],
    ['b', 'a'],
  ])('of %s is %s', (word, name) => {
    expect(nearestName(word, known)).toBe(name);
  });

  test('of something else there is none', () => {
    expect(nearestName('certificates', known)).toBeUndefined();
    expect(nearestName('x', [])).toBeUndefined();
    expect(didYouMean('certificates', known)).toBe('');
  });

  test('ends a sentence', () => {
    expect(didYouMean('upstrem', known)).toBe('; did you mean `upstream`?');
  });
});
