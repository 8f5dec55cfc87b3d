import { expect, test } from 'vitest';

import { OneAtATime } from '../../../core/primary/one-at-a-time.ts';

/** Tasks that end when they are told to. */
function manual(): { queue: OneAtATime<number>; finish: (() => void)[] } {
  const finish: (() => void)[] = [];
  let runs = 0;
  const queue = new OneAtATime(() => {
    const run = ++runs;
    return new Promise<number>((resolve) => finish.push(() => resolve(run)));
  });
  return { queue, finish };
}

test('all who ask during a run share one run after it', async () => {
  const { queue, finish } = manual();
  const first = queue.run();
  const later = [queue.run(), queue.run(), queue.run()];
  expect(finish).toHaveLength(1);
  finish[0]?.();
  expect(await first).toBe(1);
  expect(finish).toHaveLength(2);
  finish[1]?.();
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
  expect(finish).toHaveLength(2);
});

test('who asks right after a run gets a run of his own', async () => {
  const { queue, finish } = manual();
  const first = queue.run();
  finish[0]?.();
  await first;
  const second = queue.run();
  expect(finish).toHaveLength(2);
  finish[1]?.();
  expect(await second).toBe(2);
});

test('a run that fails does not stop the next one', async () => {
  let runs = 0;
  const queue = new OneAtATime(() =>
    ++runs === 1 ? Promise.reject(new Error('no')) : Promise.resolve(runs),
  );
  const first = queue.run();
  const second = queue.run();
  await expect(first).rejects.toThrow('no');
  expect(await second).toBe(2);
});
