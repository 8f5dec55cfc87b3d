import { expect, test } from 'vitest';
import { BackendCheck } from '../../../core/primary/health/backend-check.ts';
import type { CheckTarget } from '../../../core/primary/health/probe.ts';

function start(jitter: number): BackendCheck {
  const target: CheckTarget = {
    check: {
      probe: { type: 'tcp', send: '', expect: null },
      intervalMs: 5000,
      jitter,
      timeoutMs: 2000,
      fastIntervalMs: 1000,
      rise: 3,
      fall: 2,
      port: null,
      sourceAddress: null,
    },
    address: { kind: 'tcp', host: '10.0.0.1', port: 80 },
    tls: null,
    preface: '',
    upstream: 'site',
    backend: '10.0.0.1:80',
  };
  return new BackendCheck(target, [], () => undefined);
}

const GOOD = { ok: true, reason: 'fine' };
const BAD = { ok: false, reason: 'bad' };

test('waits as long as interval, fastInterval, rise and fall say', () => {
  const check = start(0);
  const waits = [GOOD, BAD, BAD, GOOD, GOOD, BAD, GOOD, GOOD, GOOD, GOOD].map((result) => [
    check.onResult(result, 1),
    check.health.health,
  ]);
  expect(waits).toEqual([
    [5000, 'up'],
    [1000, 'up'],
    [1000, 'down'],
    [1000, 'down'],
    [1000, 'down'],
    // Good ones count in a row only.
    [1000, 'down'],
    [1000, 'down'],
    [1000, 'down'],
    [5000, 'up'],
    [5000, 'up'],
  ]);
});

test('give or take the jitter, evenly', () => {
  const check = start(0.2);
  const waits = Array.from({ length: 10_000 }, () => check.onResult(GOOD, 1));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(4000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(6000);
  expect(Math.min(...waits)).toBeLessThan(4050);
  expect(Math.max(...waits)).toBeGreaterThan(5950);
  const mean = waits.reduce((sum, ms) => sum + ms, 0) / waits.length;
  expect(Math.abs(mean - 5000)).toBeLessThan(50);
});
