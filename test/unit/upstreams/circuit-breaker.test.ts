import { describe, expect, test } from 'vitest';
import { CircuitBreaker } from '../../../core/upstreams/circuit-breaker.ts';

const settings = {
  failures: 3,
  errorRatio: 0.5,
  minRequests: 10,
  windowMs: 1000,
  openForMs: 500,
  halfOpen: 2,
};

/** What befalls one attempt after the other: `+` succeeds, `-` fails, `t` the time is served; each 10 ms after the one before. */
function run(events: string, more: Partial<typeof settings> = {}, stepMs = 10): CircuitBreaker {
  const breaker = new CircuitBreaker();
  const all = { ...settings, ...more };
  let now = 0;
  for (const event of events) {
    now += stepMs;
    if (event === 't') {
      breaker.onTimeServed();
      continue;
    }
    const ticket = breaker.begin();
    if (event === '+') breaker.succeeded(ticket, all, now);
    if (event === '-') breaker.failed(ticket, all, now);
    breaker.left(ticket);
  }
  return breaker;
}

describe('one attempt after the other', () => {
  test.each([
    ['', 'closed'],
    ['--', 'closed'],
    ['---', 'open'],
    ['--+--+--', 'closed'],
    // half of at least ten
    ['+-+-+-+-+', 'closed'],
    ['+-+-+-+-+-', 'open'],
    ['++-++-++-++-++-', 'closed'],
    ['---t', 'half-open'],
    ['---t+', 'half-open'],
    ['---t++', 'closed'],
    ['---t-', 'open'],
    ['---t+-', 'open'],
    ['---t+-t', 'half-open'],
    // counts begin anew
    ['---t++--', 'closed'],
    ['---t++---', 'open'],
    ['t', 'closed'],
    // neither good nor bad: the client went away
    ['---t..', 'half-open'],
    ['---t..++', 'closed'],
  ])('"%s": %s', (events, phase) => {
    expect(run(events).phase).toBe(phase);
  });
});

test('the ratio is that of its window', () => {
  expect(run('+-+-+-+-+-', {}, 90).phase).toBe('open');
  expect(run('+-+-+-+-+-', {}, 150).phase).toBe('closed');
});

test('half-open lets so many through at a time, and no more', () => {
  const breaker = run('---');
  expect(breaker.keepsAway(settings)).toBe(true);
  breaker.onTimeServed();
  const first = breaker.begin();
  expect(breaker.keepsAway(settings)).toBe(false);
  breaker.begin();
  expect(breaker.keepsAway(settings)).toBe(true);
  breaker.left(first);
  expect(breaker.keepsAway(settings)).toBe(false);
});

test('what began before the phase changed says nothing any more', () => {
  const breaker = new CircuitBreaker();
  const early = [breaker.begin(), breaker.begin(), breaker.begin(), breaker.begin()];
  const [a = 0, b = 0, c = 0, d = 0] = early;
  for (const ticket of [a, b]) expect(breaker.failed(ticket, settings, 1)).toBe(false);
  expect(breaker.failed(c, settings, 1)).toBe(true);
  expect(breaker.failed(d, settings, 1)).toBe(false);
  breaker.onTimeServed();
  const trial = breaker.begin();
  for (const ticket of early) {
    breaker.succeeded(ticket, settings, 2);
    breaker.failed(ticket, settings, 2);
    breaker.left(ticket);
  }
  expect(breaker.phase).toBe('half-open');
  breaker.succeeded(trial, settings, 3);
  breaker.succeeded(breaker.begin(), settings, 3);
  expect(breaker.phase).toBe('closed');
});
