import { expect, test } from 'vitest';
import type { StoredEntry } from '../../../certs/certificate-store.ts';
import { dueAt, leastPauseMs, restMs } from '../../../certs/order-timing.ts';
import type { KnownWindow } from '../../../certs/renewal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** When the certificate begins to be valid, an hour before it is obtained. */
const START = Date.parse('2026-03-01T00:00:00Z');
const OBTAINED = START + HOUR;

function entry(lifeMs = 90 * DAY): StoredEntry {
  const obtainedAt = new Date(OBTAINED);
  return {
    certificate: {
      names: ['a.test', 'b.test'],
      keyType: 'ecdsa-p256',
      cert: '',
      key: '',
      issuer: 'https://ca.test/dir',
      obtainedAt,
      notBefore: new Date(START),
      notAfter: new Date(START + lifeMs),
      serial: '01',
    },
    notes: { issuer: 'https://ca.test/dir', obtainedAt, orderUrl: null, window: null },
  };
}

function window(renewAt: number): KnownWindow {
  const dates = { start: new Date(renewAt - HOUR), end: new Date(renewAt + HOUR) };
  return { ...dates, explanationUrl: null, renewAt: new Date(renewAt), lookAt: new Date(0) };
}

test.each([
  { what: 'there is none', entry: null, names: ['a.test'], window: null, due: [0, 0] },
  { what: 'one lacks a name', entry: entry(), names: ['c.test'], window: null, due: [0, 0] },
  {
    what: 'one has its life',
    entry: entry(),
    names: ['a.test'],
    window: null,
    due: [START + 58 * DAY, START + 62 * DAY],
  },
  {
    what: 'the CA names a time',
    entry: entry(),
    names: ['b.test'],
    window: window(START + 30 * DAY),
    due: [START + 30 * DAY, START + 30 * DAY],
  },
  {
    what: 'the CA wants a new one to be renewed at once',
    entry: entry(),
    names: ['a.test'],
    window: window(START),
    due: [OBTAINED + HOUR, OBTAINED + HOUR],
  },
  {
    what: 'the CA wants that of one that lives for five hours',
    entry: entry(5 * HOUR),
    names: ['a.test'],
    window: window(START),
    due: [OBTAINED + HOUR / 2, OBTAINED + HOUR / 2],
  },
  {
    what: 'it was revoked since',
    entry: entry(),
    names: ['a.test'],
    window: { ...window(OBTAINED + 2 * MINUTE), start: new Date(START) },
    due: [OBTAINED + 2 * MINUTE, OBTAINED + 2 * MINUTE],
  },
])('when $what, an order is due at the right time', ({ entry: there, names, window: known, due }) => {
  const at = dueAt(there, names, known, OBTAINED + 5 * MINUTE);
  expect(at).toBeGreaterThanOrEqual(due[0] ?? Infinity);
  expect(at).toBeLessThanOrEqual(due[1] ?? -Infinity);
});

test('a clock that was set back makes nothing wait that is due by it', () => {
  const before = START - DAY;
  expect(dueAt(entry(), ['a.test'], window(before), before)).toBe(before);
});

test.each([
  { lifeMs: 90 * DAY, pause: HOUR },
  { lifeMs: HOUR, pause: 6 * MINUTE },
])('between two orders for a life of $lifeMs ms are at least $pause ms', ({ lifeMs, pause }) => {
  expect(leastPauseMs(entry(lifeMs).certificate)).toBe(pause);
});

test.each([
  { what: 'an order is near', orderAt: MINUTE, askAt: Infinity, isUneasy: false, rest: MINUTE },
  { what: 'a question is near', orderAt: DAY, askAt: 2 * MINUTE, isUneasy: false, rest: 2 * MINUTE },
  { what: 'one is past', orderAt: -DAY, askAt: DAY, isUneasy: false, rest: 0 },
  { what: 'both are far', orderAt: DAY, askAt: DAY, isUneasy: false, rest: 10 * MINUTE },
  { what: 'orders fail', orderAt: DAY, askAt: DAY, isUneasy: true, rest: MINUTE / 2 },
])('when $what, it rests for $rest ms', ({ orderAt, askAt, isUneasy, rest }) => {
  const next = { orderAt: START + orderAt, askAt: START + askAt, isUneasy };
  expect(restMs(next, START)).toBe(rest);
});
