import { expect, test } from 'vitest';
import type { Priority } from '../../../core/shared/priority.ts';
import { AddressBackend, BackendRuntime } from '../../../core/upstreams/backend.ts';
import { placesChanged, WaitingQueue, type Waiter } from '../../../core/upstreams/queue/waiting-queue.ts';
import { upstreamConfig } from './support.ts';

/** Places that are given to those who wait, and the order in which they got them. */
function places(maxLength = 100) {
  const went: string[] = [];
  const free = { any: 0, own: new Set<AddressBackend>() };
  const queue = new WaitingQueue(maxLength, () => free.any > 0);
  const join = (name: string, priority: Priority = 'normal', own: AddressBackend | null = null): Waiter => {
    const waiter: Waiter = {
      priority,
      own,
      tryGo() {
        if (own === null ? free.any === 0 : !free.own.delete(own)) return false;
        if (own === null) free.any -= 1;
        queue.leave(waiter);
        went.push(name);
        return true;
      },
      giveWay: () => void went.push(`${name} gives way`),
    };
    if (!queue.enter(waiter)) went.push(`${name} refused`);
    return waiter;
  };
  return { went, free, queue, join };
}

test('who came first goes first, by priority', () => {
  const { went, free, queue, join } = places();
  for (const [name, priority] of [
    ['a', 'low'],
    ['b', 'normal'],
    ['c', 'high'],
    ['d', 'normal'],
    ['e', 'high'],
    ['f', 'low'],
  ] as const)
    join(name, priority);
  free.any = 1;
  queue.serve();
  expect(went).toEqual(['c']);
  free.any = 4;
  queue.serve();
  expect(went).toEqual(['c', 'e', 'b', 'd', 'a']);
  expect(queue.length).toBe(1);
});

test('who waits for a backend of its own holds up nobody, and is not passed there', () => {
  const config = upstreamConfig('site', [1, 1]);
  const [own, other] = config.backends.map((row) => new AddressBackend(row, config, new BackendRuntime()));
  if (own === undefined || other === undefined) throw new Error('two backends');
  const { went, free, queue, join } = places();
  join('a', 'high', own);
  join('b', 'normal', other);
  join('c', 'normal', own);
  join('d', 'low');
  free.any = 1;
  queue.serve();
  expect(went).toEqual(['d']);
  free.own.add(own);
  queue.serve();
  expect(went).toEqual(['d', 'a']);
  free.own.add(own).add(other);
  queue.serve();
  expect(went).toEqual(['d', 'a', 'b', 'c']);
});

test('a full queue takes nobody, and who has left it makes room', () => {
  const { went, queue, join } = places(2);
  const first = join('a');
  join('b');
  join('c');
  queue.leave(first);
  queue.leave(first);
  join('d');
  expect(went).toEqual(['c refused']);
  expect([queue.length, queue.counters.waiting, queue.counters.refused]).toEqual([2, 2, 1]);
});

test('in a full queue those of the lowest priority give way to a higher one, who came first before the others', () => {
  const { went, queue, join } = places(3);
  join('a', 'normal');
  join('b', 'low');
  join('c', 'low');
  join('d', 'low');
  join('e', 'normal');
  join('f', 'high');
  join('g', 'normal');
  join('h', 'high');
  expect(went).toEqual(['d refused', 'b gives way', 'c gives way', 'g refused', 'a gives way']);
  expect([queue.length, queue.counters.waiting, queue.counters.refused]).toEqual([3, 3, 5]);
});

test('places that change are given away once what runs is over', async () => {
  const { went, free, join } = places();
  join('a');
  join('b');
  free.any = 2;
  placesChanged();
  expect(went).toEqual([]);
  await Promise.resolve();
  expect(went).toEqual(['a', 'b']);
});
