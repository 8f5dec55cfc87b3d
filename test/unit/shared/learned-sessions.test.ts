import { expect, test } from 'vitest';
import { LearnedSessions } from '../../../core/shared/learned-sessions.ts';

test('a value is known for as long as it is used', () => {
  let now = 0;
  const sessions = new LearnedSessions({ size: 10, ttlMs: 100 }, () => now);
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
  const sessions = new LearnedSessions({ size: 3, ttlMs: 100 }, () => now);
  for (const value of ['a', 'b', 'c']) sessions.learn(value, value);
  now = 1;
  expect(sessions.find('a')).toBe('a');
  sessions.learn('d', 'd');
  expect([sessions.count, sessions.find('b'), sessions.find('a')]).toEqual([3, undefined, 'a']);
  now = 101;
  sessions.learn('e', 'e');
  expect(sessions.count).toBe(1);
});

test('a long value takes no more room than its hash, and is told from others like it', () => {
  const sessions = new LearnedSessions({ size: 10, ttlMs: 100 }, () => 0);
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
  const before = new LearnedSessions({ size: 10, ttlMs: 100 }, () => 0);
  for (const value of ['a', 'b', 'c']) before.learn(value, value);
  const after = new LearnedSessions({ size: 2, ttlMs: 100 }, () => 0);
  after.takeOver(before);
  expect(['a', 'b', 'c'].map((value) => after.find(value))).toEqual([undefined, 'b', 'c']);
});

test('others hear of what is new or moved, and of what is used before they would forget it', () => {
  let now = 0;
  const sessions = new LearnedSessions({ size: 10, ttlMs: 100 }, () => now);
  const told: string[] = [];
  sessions.tell = ([key, place, agoMs]) => void told.push(`${now} ${key} ${place} ${agoMs}`);
  sessions.learn('a', 'first');
  sessions.learn('a', 'first');
  sessions.find('a');
  now = 20;
  sessions.learn('a', 'second');
  now = 40;
  sessions.find('a');
  now = 45;
  sessions.find('a');
  expect(told).toEqual(['0 a first 0', '20 a second 0', '45 a second 0']);
});

test('what another worker has learned is known, for as long as it is there, and not told again', () => {
  let now = 1000;
  const sessions = new LearnedSessions({ size: 2, ttlMs: 100 }, () => now);
  const told: unknown[] = [];
  sessions.tell = (session) => void told.push(session);
  sessions.hear(['a', 'first', 90]);
  sessions.hear(['b', 'second', 0]);
  expect([...sessions.all()]).toEqual([
    ['a', 'first', 90],
    ['b', 'second', 0],
  ]);
  now = 1020;
  expect([sessions.find('a'), sessions.find('b')]).toEqual([undefined, 'second']);
  for (const key of ['c', 'd', 'e']) sessions.hear([key, 'first', 0]);
  expect([sessions.count, told]).toEqual([2, []]);
});
