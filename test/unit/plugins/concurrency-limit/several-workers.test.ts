import { afterEach, describe, expect, test, vi } from 'vitest';
import concurrencyLimit from '../../../../plugins/builtin/concurrency-limit/concurrency-limit.ts';
import { testPlugin, TestSiblings, type TestedPlugin } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';
import { openRequest } from './support.ts';

/** Whether a request comes in at once, now. */
const isFull = async (tested: TestedPlugin): Promise<boolean> => (await tested.request()).status === 503;

describe('concurrency-limit in several workers', () => {
  afterEach(() => vi.useRealTimers());

  test('what is under way in one counts in the others, too, and comes off again', async () => {
    const siblings = new TestSiblings();
    await using one = await testPlugin(concurrencyLimit, { max: 2 }, { siblings });
    await using other = await testPlugin(concurrencyLimit, { max: 2 }, { siblings });
    const open = [await openRequest(one), await openRequest(one)];
    await poll(() => isFull(other));
    for (const each of open) await each.end();
    await poll(async () => !(await isFull(other)));
  });

  test('one that comes up is told what is under way', async () => {
    const siblings = new TestSiblings();
    await using one = await testPlugin(concurrencyLimit, { max: 1 }, { siblings });
    const open = await openRequest(one);
    await using late = await testPlugin(concurrencyLimit, { max: 1 }, { siblings });
    await poll(() => isFull(late));
    await open.end();
  });

  test('who waits in one gets the place that another gives back', async () => {
    const siblings = new TestSiblings();
    const options = { max: 1, queue: { length: 1 } };
    await using one = await testPlugin(concurrencyLimit, options, { siblings });
    await using other = await testPlugin(concurrencyLimit, options, { siblings });
    const open = await openRequest(one);
    await poll(async () => {
      const asked = other.request();
      return (
        (await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 20, 'waits'))])) === 'waits'
      );
    });
    await open.end();
    await poll(() => other.status()['waiting'] === 0);
  });

  test('the places of one that dies come back after a while', async () => {
    vi.useFakeTimers();
    const siblings = new TestSiblings();
    await using one = await testPlugin(concurrencyLimit, { max: 1 }, { siblings });
    const abandoned = new AbortController();
    // heard of once, and never again
    const dead = siblings.join(abandoned.signal);
    dead.send({ from: 'dead', anew: true, counts: [['*', 1]] });
    await vi.advanceTimersByTimeAsync(10);
    expect(await isFull(one)).toBe(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await isFull(one)).toBe(true);
    await vi.advanceTimersByTimeAsync(4000);
    expect(await isFull(one)).toBe(false);
  });
});
