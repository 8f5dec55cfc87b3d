import { describe, expect, test } from 'vitest';
import {
  noteWindow,
  renewalTime,
  retryMs,
  sleepMs,
  standing,
  steadyRandom,
  windowRetryMs,
} from '../../../certs/renewal.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.parse('2026-03-01T00:00:00Z');

const life = (ms: number) => ({ notBefore: new Date(start), notAfter: new Date(start + ms) });
const range = (from: number, to: number) => ({
  start: new Date(start + from),
  end: new Date(start + to),
  explanationUrl: null,
});
const window = (from: number, to: number, renewAt: number) => ({
  ...range(from, to),
  renewAt: new Date(start + renewAt),
});

describe('without a window of the CA', () => {
  test.each([
    { valid: 'one hour', ms: hour, from: 38.8 * minute, to: 41.2 * minute },
    { valid: 'six days', ms: 6 * day, from: 3.88 * day, to: 4.12 * day },
    { valid: 'ninety days', ms: 90 * day, from: 58.2 * day, to: 61.8 * day },
    { valid: 'one year', ms: 365 * day, from: 236 * day, to: 250.7 * day },
  ])('a certificate of $valid is renewed at about two thirds of its life', ({ ms, from, to }) => {
    const [least, most] = [0, 1 - 2 ** -32].map((random) => renewalTime(life(ms), null, random));
    expect(least?.by).toBe('life');
    expect((least?.at ?? 0) - start).toBeGreaterThanOrEqual(from);
    expect((most?.at ?? 0) - start).toBeLessThanOrEqual(to);
    expect(most?.at).toBeGreaterThan(least?.at ?? Infinity);
  });

  test('one that ends before it begins is due from the beginning', () => {
    expect(renewalTime(life(-day), null, 0.5).at).toBe(start);
  });
});

describe('with a window of the CA', () => {
  test.each([
    { is: 'usual', of: window(55 * day, 60 * day, 57 * day), at: 57 * day, by: 'window' },
    { is: 'past: renew at once', of: window(-2 * day, -day, -day), at: -day, by: 'window' },
    { is: 'up to the very end', of: window(80 * day, 90 * day, 89 * day), at: 81 * day, by: 'window' },
    { is: 'empty', of: window(10 * day, 10 * day, 10 * day), at: 60 * day, by: 'life' },
    { is: 'upside down', of: window(20 * day, 10 * day, 20 * day), at: 60 * day, by: 'life' },
    { is: 'after the expiry', of: window(90 * day, 99 * day, 95 * day), at: 60 * day, by: 'life' },
  ])('that is $is', ({ of, at, by }) => {
    const time = renewalTime(life(90 * day), of, 0.5);
    expect({ at: Math.round(time.at - start), by: time.by }).toEqual({ at, by });
  });

  test('the moment is chosen evenly within it', () => {
    const answer = { ...range(10 * day, 20 * day), retryAfterMs: hour };
    const chosen = [0, 0.25, 1 - 2 ** -32].map((random) => noteWindow(answer, null, start, random).renewAt);
    expect(chosen.map((date) => Math.round((date.getTime() - start) / hour) / 24)).toEqual([10, 12.5, 20]);
  });

  test('the moment stays while the window does, and is chosen anew when it moves', () => {
    const answer = { ...range(10 * day, 20 * day), retryAfterMs: hour };
    const first = noteWindow(answer, null, start, 0.1);
    const again = noteWindow({ ...answer, explanationUrl: 'https://ca.test/why' }, first, start + day, 0.9);
    expect(again).toEqual({
      ...first,
      explanationUrl: 'https://ca.test/why',
      lookAt: new Date(start + day + hour * 1.09),
    });
    const moved = noteWindow({ ...range(-day, 0), retryAfterMs: hour }, again, start + 2 * day, 0.5);
    expect(moved.renewAt).toEqual(new Date(start - day / 2));
  });

  test.each([
    { asked: 'every six hours', retryAfterMs: 6 * hour, after: 6 * hour },
    { asked: 'without a pause', retryAfterMs: 0, after: minute },
    { asked: 'never again', retryAfterMs: Infinity, after: day },
    { asked: 'with what is no number', retryAfterMs: Number.NaN, after: minute },
  ])('a CA that wants to be asked $asked is asked within bounds', ({ retryAfterMs, after }) => {
    const { lookAt } = noteWindow({ ...range(0, day), retryAfterMs }, null, start, 0);
    expect(lookAt.getTime() - start).toBe(after);
  });

  test('a CA that does not answer is asked ever less often, but every day', () => {
    const waits = [1, 2, 3, 10, 1000].map((failures) => windowRetryMs(failures, 0));
    expect(waits).toEqual([10 * minute, 20 * minute, 40 * minute, day, day]);
    expect(windowRetryMs(1000, 1 - 2 ** -32)).toBeLessThanOrEqual(1.25 * day);
  });
});

describe('after a failed order', () => {
  test.each([
    { failures: 1, retryAfterMs: null, leftMs: null, wait: 2 * minute },
    { failures: 4, retryAfterMs: null, leftMs: null, wait: 16 * minute },
    { failures: 9, retryAfterMs: null, leftMs: null, wait: 6 * hour },
    { failures: 1e9, retryAfterMs: null, leftMs: null, wait: 6 * hour },
    { failures: 0, retryAfterMs: null, leftMs: null, wait: 2 * minute },
    {
      why: 'a day is left: no more than three hours',
      failures: 99,
      retryAfterMs: null,
      leftMs: day,
      wait: 3 * hour,
    },
    { why: 'nearly over', failures: 99, retryAfterMs: null, leftMs: minute, wait: 2 * minute },
    { why: 'over', failures: 99, retryAfterMs: null, leftMs: -day, wait: 2 * minute },
    { why: 'the CA asks for more', failures: 1, retryAfterMs: hour, leftMs: day, wait: hour },
    { why: 'the CA asks for less', failures: 5, retryAfterMs: 1000, leftMs: null, wait: 32 * minute },
    { why: 'the CA asks for ever', failures: 1, retryAfterMs: Infinity, leftMs: null, wait: 7 * day },
    {
      why: 'the CA asks for what is no number',
      failures: 1,
      retryAfterMs: Number.NaN,
      leftMs: null,
      wait: 2 * minute,
    },
  ])('$failures in a row, $retryAfterMs ms asked for, $leftMs ms left: $wait ms', (row) => {
    expect(retryMs(row.failures, row.retryAfterMs, row.leftMs, 0)).toBe(row.wait);
  });

  test('an hour sees five of them at most', () => {
    let [at, orders] = [0, 0];
    for (; at < hour; at += retryMs(orders, null, null, 0)) orders += 1;
    expect(orders).toBe(5);
  });

  test('many that failed together come back apart, and none early', () => {
    const waits = [0, 0.5, 1 - 2 ** -32].map((random) => retryMs(3, null, null, random) / minute);
    expect(waits.map((wait) => Math.round(wait * 10) / 10)).toEqual([8, 9, 10]);
  });
});

describe('how a certificate stands', () => {
  const usual = { six: 4 * day, ninety: 60 * day, year: (365 * 2 * day) / 3 };
  test.each([
    { why: 'six days: fresh', ms: 6 * day, renewAt: usual.six, now: 0, is: 'fine' },
    { why: 'six days: due', ms: 6 * day, renewAt: usual.six, now: 4 * day, is: 'fine' },
    { why: 'six days: 17 hours left', ms: 6 * day, renewAt: usual.six, now: 6 * day - 17 * hour, is: 'fine' },
    { why: 'six days: 16 hours left', ms: 6 * day, renewAt: usual.six, now: 6 * day - 16 * hour, is: 'near' },
    { why: 'ninety days: 11 left', ms: 90 * day, renewAt: usual.ninety, now: 79 * day, is: 'fine' },
    { why: 'ninety days: 10 left', ms: 90 * day, renewAt: usual.ninety, now: 80 * day, is: 'near' },
    { why: 'a year: 41 days left', ms: 365 * day, renewAt: usual.year, now: 324 * day, is: 'fine' },
    { why: 'a year: 40 days left', ms: 365 * day, renewAt: usual.year, now: 325 * day, is: 'near' },
    { why: 'the last millisecond', ms: 90 * day, renewAt: usual.ninety, now: 90 * day - 1, is: 'near' },
    { why: 'over', ms: 90 * day, renewAt: usual.ninety, now: 90 * day, is: 'expired' },
    { why: 'the clock jumped far ahead', ms: 90 * day, renewAt: usual.ninety, now: 9e5 * day, is: 'expired' },
    { why: 'the clock jumped back before it', ms: 90 * day, renewAt: usual.ninety, now: -1, is: 'early' },
    { why: 'a window in the past', ms: 90 * day, renewAt: -day, now: 0, is: 'fine' },
    { why: 'a window in the past, then late', ms: 90 * day, renewAt: -day, now: 80 * day, is: 'near' },
    { why: 'a moment after the expiry', ms: 90 * day, renewAt: 99 * day, now: 79 * day, is: 'fine' },
    { why: 'it ends before it begins', ms: -day, renewAt: 0, now: 0, is: 'expired' },
  ])('$why: $is', ({ ms, renewAt, now, is }) => {
    expect(standing(life(ms), start + renewAt, start + now)).toBe(is);
  });
});

test.each([
  { until: 2 * day, sleep: hour, why: 'not longer than a clock that is set may go unseen' },
  { until: 5 * minute, sleep: 5 * minute, why: 'to the moment' },
  { until: -day, sleep: 0, why: 'the clock jumped past it' },
])('a timer sleeps $why', ({ until, sleep }) => {
  expect(sleepMs(start + until, start)).toBe(sleep);
});

test('a certificate has its own moment, the same in every process', () => {
  expect(steadyRandom('04ab')).toBe(steadyRandom('04ab'));
  const many = Array.from({ length: 1000 }, (_, at) => steadyRandom(String(at)));
  expect(Math.min(...many)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...many)).toBeLessThan(1);
  expect(many.reduce((sum, value) => sum + value) / many.length).toBeCloseTo(0.5, 1);
});
