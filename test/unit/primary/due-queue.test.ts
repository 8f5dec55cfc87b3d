import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueQueue } from '../../../core/primary/health/due-queue.ts';

test('gives back what is due, the earliest first, whatever the order in which it came', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.nat(1000), (times, now) => {
      const queue = new DueQueue<number>();
      for (const time of times) queue.add(time, time);
      const taken: number[] = [];
      for (let item = queue.takeDue(now); item !== undefined; item = queue.takeDue(now)) taken.push(item);
      const sorted = times.toSorted((a, b) => a - b);
      expect(taken).toEqual(sorted.filter((time) => time <= now));
      expect(queue.nextMs).toBe(sorted.find((time) => time > now) ?? null);
    }),
  );
});

test('keeps the order of those that stay', () => {
  const queue = new DueQueue<number>();
  for (let i = 0; i < 1000; i++) queue.add((i * 7919) % 1000, (i * 7919) % 1000);
  queue.keepOnly((item) => item % 10 === 3);
  expect(queue.size).toBe(100);
  expect(queue.nextMs).toBe(3);
  const taken = Array.from({ length: 100 }, () => queue.takeDue(1000));
  expect(taken).toEqual(Array.from({ length: 100 }, (_, i) => 10 * i + 3));
  expect(queue.takeDue(1000)).toBeUndefined();
});
