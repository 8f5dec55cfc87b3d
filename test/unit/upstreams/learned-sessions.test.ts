import { expect, test } from 'vitest';
import { LearnedSessions } from '../../../core/upstreams/sticky/learned-sessions.ts';

test('a value is known for as long as it is used', () => {
  let now = 0;
  const sessions = new LearnedSessions(10, 100, () => now);
  sessions.learn('a', 'first');
  sessions.learn('b', 'second');
  now = 60;
  expect(sessions.find('a')).toBe('first');
  now = 120;
  expect([sessions.find('a'), sessions.find('b')]).toEqual(['first', undefined]);
  sessions.learn('a', 'third');
  expect(sessions.find('a')).toBe('third');
});

test('what is over goes when something new comes, and never more than the size is kept', () => {
  let now = 0;
  const sessions = new LearnedSessions(3, 100, () => now);
  for (const value of ['a', 'b', 'c']) sessions.learn(value, value);
  expect(sessions.find('a')).toBe('a');
  sessions.learn('d', 'd');
  expect([sessions.count, sessions.find('b'), sessions.find('a')]).toEqual([3, undefined, 'a']);
  now = 100;
  sessions.learn('e', 'e');
  expect(sessions.count).toBe(1);
});

test('a long value takes no more room than its hash, and is told from others like it', () => {
  const sessions = new LearnedSessions(10, 100, () => 0);
  const long = 'x'.repeat(8000);
  sessions.learn(`${long}1`, 'first');
  sessions.learn(`${long}2`, 'second');
  expect([sessions.find(`${long}1`), sessions.find(`${long}2`), sessions.find(long)]).toEqual([
    'first',
    'second',
    undefined,
  ]);
});

test('the next snapshot knows what this one has learned, the newest where it keeps fewer', () => {
  const before = new LearnedSessions(10, 100, () => 0);
  for (const value of ['a', 'b', 'c']) before.learn(value, value);
  const after = new LearnedSessions(2, 100, () => 0);
  after.takeOver(before);
  expect(['a', 'b', 'c'].map((value) => after.find(value))).toEqual([undefined, 'b', 'c']);
});
