import { describe, expect, test } from 'vitest';

import { afterDeath, initialBackoff, settledMs } from '../../../core/primary/respawn-backoff.ts';

function delays(lives: readonly number[]): number[] {
  let state = initialBackoff;
  return lives.map((livedMs) => {
    const next = afterDeath(state, livedMs);
    ({ state } = next);
    return next.delayMs;
  });
}

describe('the wait before a dead worker is replaced', () => {
  const young = settledMs - 1;
  test.each([
    { name: 'the first three early deaths cost no wait', lives: [young, young, young], expected: [0, 0, 0] },
    { name: 'then it doubles', lives: [0, 0, 0, 0, 0, 0], expected: [0, 0, 0, 100, 200, 400] },
    {
      name: 'a worker that lived long enough clears the count',
      lives: [0, 0, 0, 0, settledMs, 0],
      expected: [0, 0, 0, 100, 0, 0],
    },
    {
      name: 'a worker that always lived long never waits',
      lives: Array<number>(8).fill(settledMs),
      expected: Array<number>(8).fill(0),
    },
  ])('$name', ({ lives, expected }) => {
    expect(delays(lives)).toEqual(expected);
  });

  test('it is bounded', () => {
    expect(delays(Array<number>(2000).fill(0)).at(-1)).toBe(10_000);
  });
});
