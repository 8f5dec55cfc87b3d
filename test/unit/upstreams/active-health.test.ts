import { expect, test } from 'vitest';
import {
  afterCheck,
  isUnsettled,
  uncheckedHealth,
  type ActiveHealth,
} from '../../../core/upstreams/health.ts';

/** `+` a good check, `-` a bad one, `?` one that could not be made; one a second. */
function run(checks: string, thresholds = { rise: 2, fall: 3 }): { states: string; last: ActiveHealth } {
  let state = uncheckedHealth(0);
  let states = '';
  [...checks].forEach((check, index) => {
    const ok = check === '?' ? null : check === '+';
    state = afterCheck(state, { ok, reason: `check ${index + 1}` }, thresholds, (index + 1) * 1000);
    states += state.health === 'up' ? 'U' : 'D';
  });
  return { states, last: state };
}

test.each<[why: string, checks: string, states: string]>([
  ['up until the first result', '', ''],
  ['the first result decides: good', '+', 'U'],
  ['the first result decides: bad', '-', 'D'],
  ['one bad check is not enough', '+-', 'UU'],
  ['nor are two', '+--+', 'UUUU'],
  ['three in a row are', '+---', 'UUUD'],
  ['a good one in between starts the count anew', '+--+--', 'UUUUUU'],
  ['two good ones bring it back', '-++', 'DDU'],
  ['one does not', '-+-+-', 'DDDDD'],
  ['and it falls again as slowly', '-++---', 'DDUUUD'],
  ['a check that could not be made counts for nothing', '+-?-?-', 'UUUUUD'],
  ['and does not decide as the first one', '?-', 'UD'],
  ['nor breaks a row of good ones', '-+?+', 'DDDU'],
])('%s: %s', (_, checks, states) => {
  expect(run(checks).states).toBe(states);
});

test('thresholds of one turn at once', () => {
  expect(run('-+-+', { rise: 1, fall: 1 }).states).toBe('DUDU');
});

test('the reason is of the last check, the time of the last change', () => {
  expect(run('+').last).toMatchObject({ health: 'up', since: 0, reason: 'check 1', isChecked: true });
  expect(run('+---').last).toMatchObject({ health: 'down', since: 4000, reason: 'check 4' });
  expect(run('+----').last).toMatchObject({ health: 'down', since: 4000, reason: 'check 5' });
  expect(run('').last).toMatchObject({ reason: 'not checked yet', isChecked: false });
});

test.each<[string, boolean]>([
  ['', false],
  ['+', false],
  ['+-', true],
  ['+-+', false],
  ['-', true],
  ['-+', true],
  ['-++', false],
])('after %j the next check should come soon: %s', (checks, soon) => {
  expect(isUnsettled(run(checks).last)).toBe(soon);
});
