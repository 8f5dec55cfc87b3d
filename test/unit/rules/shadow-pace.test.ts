import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decideAtEndOfTurn, writeAtEndOfTurn } from '../../../core/shared/turn.ts';
import { ShadowPace } from '../../../rules/shadow-pace.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** One request whose call takes this long. @returns whether it was let in */
async function run(pace: ShadowPace, ms: number): Promise<boolean> {
  if (!pace.enter()) return false;
  pace.schedule(() => vi.advanceTimersByTime(ms));
  await turn();
  pace.leave();
  return true;
}

test('what is tried runs behind the decisions and the writes of its turn', async () => {
  const order: string[] = [];
  new ShadowPace(100).schedule(() => order.push('tried'));
  writeAtEndOfTurn({ writeHeld: () => order.push('written') });
  decideAtEndOfTurn(() => order.push('decided'));
  await turn();
  expect(order).toEqual(['decided', 'written', 'tried']);
});

test('in each second it has its time, and no more', async () => {
  const pace = new ShadowPace(100);
  let taken = 0;
  for (let i = 0; i < 2000; i++) {
    if (await run(pace, 5)) taken += 1;
    else vi.advanceTimersByTime(5);
  }
  // Of ten seconds, the first of which begins with the time of one.
  expect(taken * 5).toBeGreaterThan(950);
  expect(taken * 5).toBeLessThan(1150);
});

test('a call that takes longer than there was time is paid for later', async () => {
  const pace = new ShadowPace(100);
  expect(await run(pace, 300)).toBe(true);
  vi.advanceTimersByTime(1600);
  expect(pace.enter()).toBe(false);
  vi.advanceTimersByTime(200);
  expect(pace.enter()).toBe(true);
});

test('attack: those that wait when its time is over have no more of it than others', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
  const pace = new ShadowPace(100);
  for (let i = 0; i < 64; i++) pace.enter();
  let calls = 0;
  const endless = (): void => {
    calls += 1;
    pace.schedule(endless);
    vi.advanceTimersByTime(12);
  };
  const begun = performance.now();
  pace.schedule(endless);
  while (performance.now() - begun < 5000) {
    vi.advanceTimersByTime(1);
    await turn();
  }
  expect(calls * 12).toBeGreaterThan(400);
  expect(calls * 12).toBeLessThan(700);
});

test('no more wait at a time than go into one call', () => {
  const pace = new ShadowPace(100);
  for (let i = 0; i < 64; i++) expect(pace.enter()).toBe(true);
  expect(pace.enter()).toBe(false);
  pace.leave();
  expect(pace.enter()).toBe(true);
});
