import { expect, test } from 'vitest';
import { TrafficWindow } from '../../../core/upstreams/traffic-window.ts';

const MINUTE = 60_000;

test('requests are told apart by who chose their backend', () => {
  const traffic = new TrafficWindow();
  for (const pickedBy of ['scheduler', 'session', 'session', 'other', 'scheduler', 'scheduler'] as const)
    traffic.count(pickedBy, 5);
  expect(traffic.sum(MINUTE, 10)).toEqual({ scheduler: 3, session: 2, other: 1 });
  expect(new TrafficWindow().sum(MINUTE, 10)).toEqual({ scheduler: 0, session: 0, other: 0 });
});

test('the window ends where it was asked to, and what is older than an hour is forgotten', () => {
  const traffic = new TrafficWindow();
  for (let minute = 0; minute < 200; minute++) traffic.count('scheduler', minute * MINUTE + 1);
  const now = 199 * MINUTE + 2;
  const of = (minutes: number): number => traffic.sum(minutes * MINUTE, now).scheduler;
  expect([of(1), of(10), of(59), of(60), of(1000)]).toEqual([2, 11, 60, 60, 60]);
  expect(traffic.sum(10 * MINUTE, now + 5 * MINUTE).scheduler).toBe(6);
  expect(traffic.sum(60 * MINUTE, now + 90 * MINUTE).scheduler).toBe(0);
});
