import { describe, expect, test } from 'vitest';
import type { PassiveHealthConfig } from '../../../core/shared/health-types.ts';
import { PassiveHealth, type Ejection } from '../../../core/upstreams/health.ts';

const settings: PassiveHealthConfig = {
  failures: 3,
  errorRatio: 0.5,
  minRequests: 10,
  windowMs: 10_000,
  ejectionMs: 1000,
  maxEjectionMs: 5000,
  maxEjected: 0.5,
};

type Step = (passive: PassiveHealth, now: number, last: Ejection | null) => Ejection | null | void;

/** `a` attempt, `+` good head of an answer, `5` 5xx, `-` failure, `!` the answer broken off, `.` it came whole, `0` ended without a word, `t` the time served, `r` readmitted. */
const steps: Readonly<Record<string, Step>> = {
  a: (passive) => passive.onAttempt(),
  '+': (passive, now) => passive.onSuccess(settings, now),
  '5': (passive, now) => passive.onErrorAnswer(settings, now),
  '-': (passive, now) => passive.onFailure('reset', settings, now),
  '!': (passive, now) => passive.onBrokenOff('cut', settings, now),
  '.': (passive) => passive.onWhole(),
  '0': (passive) => passive.onNothing(),
  t: (passive, _, last) => {
    if (last !== null) passive.onTimeServed(last);
  },
  r: (passive, now) => passive.readmit(now),
};

function run(events: string, msApart = 1): { phase: string; isOut: boolean; ejections: Ejection[] } {
  const passive = new PassiveHealth();
  const ejections: Ejection[] = [];
  [...events].forEach((event, index) => {
    const ejection = steps[event]?.(passive, index * msApart, ejections.at(-1) ?? null);
    if (ejection) ejections.push(ejection);
  });
  return { phase: passive.phase, isOut: passive.isOut, ejections };
}

describe('phases', () => {
  test.each<[why: string, events: string, phase: string, isOut: boolean]>([
    ['nothing happened', '', 'in-use', false],
    ['two failures are too few', '--', 'in-use', false],
    ['three in a row eject', '---', 'ejected', true],
    ['an answer in between starts the count anew', '--+--', 'in-use', false],
    ['so does a 5xx, for the backend is there', '--5--', 'in-use', false],
    ['what fails after that was begun before', '-----', 'ejected', true],
    ['and so was what succeeds', '---+', 'ejected', true],
    ['two answers broken off are too few', '+!+!', 'in-use', false],
    ['three in a row eject, although each had a good head', '+!+!+!', 'ejected', true],
    ['also where heads of others lie between', '+!++!++!', 'ejected', true],
    ['a whole answer in between starts the count anew', '+!+!+.+!+!', 'in-use', false],
    ['they and failures before an answer are one row', '+!--', 'ejected', true],
    ['so are 5xx that are broken off', '5!5!5!', 'ejected', true],
    ['what was broken off in the end was begun before', '---+!', 'ejected', true],
    ['nor does it end the trial of another', '---ta!', 'trying', true],
    ['after a trial the next one broken off is enough', '+!+!+!ta+!', 'ejected', true],
    ['unless an answer was whole', '+!+!+!ta+.+!', 'in-use', false],
    ['half of the answers broken off are enough for the ratio', '+.+!'.repeat(5), 'ejected', true],
    ['less than half are not', '+.+.+!'.repeat(10), 'in-use', false],
    ['time served', '---t', 'on-trial', false],
    ['the next request tries, and no other', '---ta', 'trying', true],
    ['it works', '---ta+', 'in-use', false],
    ['it fails', '---ta-', 'ejected', true],
    ['it answers 5xx', '---ta5', 'ejected', true],
    ['its client went away: another one tries', '---ta0', 'on-trial', false],
    ['better evidence ends it at once', '---r', 'in-use', false],
    ['after a trial the count starts anew', '---ta+--', 'in-use', false],
    ['nine bad ones of nine are too few for the ratio', '5'.repeat(9), 'in-use', false],
    ['ten of ten are not', '5'.repeat(10), 'ejected', true],
    ['half of them is enough', '+5'.repeat(5), 'ejected', true],
    ['less than half is not', '++5'.repeat(10), 'in-use', false],
    ['failures count, too', '+-'.repeat(5), 'ejected', true],
  ])('%s: %s', (_, events, phase, isOut) => {
    expect(run(events)).toMatchObject({ phase, isOut });
  });

  test('the ratio looks at its window only', () => {
    expect(run('5'.repeat(30), 1200).phase).toBe('in-use');
  });

  test('the end of an earlier ejection ends no later one', () => {
    const passive = new PassiveHealth();
    const eject = (): Ejection | null => {
      passive.onFailure('', settings, 0);
      passive.onFailure('', settings, 0);
      return passive.onFailure('', settings, 0);
    };
    const first = eject();
    passive.readmit(0);
    eject();
    if (first !== null) passive.onTimeServed(first);
    expect(passive.phase).toBe('ejected');
  });
});

describe('how long', () => {
  test('twice as long each time, up to the longest', () => {
    const { ejections } = run(`---${'ta-'.repeat(4)}`);
    expect(ejections.map(({ forMs }) => forMs)).toEqual([1000, 2000, 4000, 5000, 5000]);
  });

  test('time in use makes up for it', () => {
    // In use again for 3,600 ms: for both of the ejections of 1 and 2 s.
    expect(run('---ta-ta++++---', 900).ejections.map(({ forMs }) => forMs)).toEqual([1000, 2000, 1000]);
    expect(run('---ta-ta+---', 900).ejections.map(({ forMs }) => forMs)).toEqual([1000, 2000, 2000]);
  });
});

test('the reason says what it was', () => {
  expect(run('---').ejections[0]?.reason).toBe('3 failures in a row, the last: reset');
  expect(run('---ta-').ejections[1]?.reason).toBe('on trial: reset');
  expect(run('---ta5').ejections[1]?.reason).toBe('it answered 5xx on trial');
  expect(run('+!+!+!').ejections[0]?.reason).toBe('3 failures in a row, the last: cut');
  expect(run('+.+!'.repeat(5)).ejections[0]?.reason).toBe('5 of 10 requests failed or were answered 5xx');
  expect(run('+5'.repeat(5)).ejections[0]?.reason).toBe('5 of 10 requests failed or were answered 5xx');
});
