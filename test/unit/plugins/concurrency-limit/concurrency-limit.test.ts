import { describe, expect, test } from 'vitest';
import concurrencyLimit from '../../../../plugins/builtin/concurrency-limit/concurrency-limit.ts';
import { testPlugin, type TestedAnswer, type TestedPlugin } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';
import { openRequest } from './support.ts';

const waits = (tested: TestedPlugin, count: number): Promise<unknown> =>
  poll(() => tested.status()['waiting'] === count);

describe('concurrency-limit', () => {
  test('refuses what is above the limit, until one has ended', async () => {
    await using tested = await testPlugin(concurrencyLimit, { max: 2 });
    const first = await openRequest(tested);
    const second = await openRequest(tested);
    const refused = await tested.request();
    expect(refused.status).toBe(503);
    expect(refused.request).toBeNull();
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.log).toEqual({ concurrencyLimit: 'refused' });
    await first.end();
    expect((await tested.request()).status).toBe(200);
    await second.end();
    expect(tested.status()).toEqual({ keys: 0, waiting: 0, allowed: 3, queued: 0, refused: 1 });
  });

  test('counts by key', async () => {
    await using tested = await testPlugin(concurrencyLimit, { max: 1, key: 'address', status: 429 });
    const open = await openRequest(tested, { client: '192.0.2.1' });
    expect((await tested.request({ client: '192.0.2.1' })).status).toBe(429);
    expect((await tested.request({ client: '192.0.2.2' })).status).toBe(200);
    await open.end();
  });

  test('those in the queue come in as they came, and those above its length are refused', async () => {
    await using tested = await testPlugin(concurrencyLimit, { max: 1, queue: { length: 2 } });
    const open = await openRequest(tested);
    const order: string[] = [];
    const queued = ['/a', '/b'].map((url) =>
      tested.request({ url }, ({ target }) => {
        order.push(target);
        return {};
      }),
    );
    await waits(tested, 2);
    expect((await tested.request()).status).toBe(503);
    await open.end();
    expect((await Promise.all(queued)).map(({ status }) => status)).toEqual([200, 200]);
    expect(order).toEqual(['/a', '/b']);
    expect(tested.status()).toMatchObject({ keys: 0, waiting: 0, queued: 2, refused: 1 });
  });

  test('who has waited for as long as may be is refused', async () => {
    await using tested = await testPlugin(concurrencyLimit, {
      max: 1,
      queue: { length: 1, timeout: '20ms' },
    });
    const open = await openRequest(tested);
    expect((await tested.request()).status).toBe(503);
    expect(tested.status()).toMatchObject({ waiting: 0 });
    await open.end();
    expect(tested.status()).toMatchObject({ keys: 0 });
  });

  test('security: clients that go away in the queue take no place', async () => {
    await using tested = await testPlugin(concurrencyLimit, { max: 1, queue: { length: 5 } });
    const open = await openRequest(tested);
    const client = new AbortController();
    const gone = [1, 2, 3].map(() => tested.request({ signal: client.signal }));
    await waits(tested, 3);
    const patient = tested.request();
    await waits(tested, 4);
    client.abort();
    await Promise.all(gone);
    await waits(tested, 1);
    await open.end();
    expect((await patient).status).toBe(200);
    expect(tested.status()).toMatchObject({ keys: 0, waiting: 0, refused: 0 });
  });

  test('security: a client that goes away at the backend gives its place back', async () => {
    await using tested = await testPlugin(concurrencyLimit, { max: 1 });
    for (let i = 0; i < 3; i++) {
      const client = new AbortController();
      const open = await openRequest(tested, { signal: client.signal });
      client.abort();
      await open.end();
    }
    expect((await tested.request()).status).toBe(200);
    expect(tested.status()).toMatchObject({ keys: 0 });
  });

  test('dryRun refuses nothing, and says what it would have refused', async () => {
    await using tested = await testPlugin(concurrencyLimit, { max: 1, dryRun: true });
    const open = await openRequest(tested);
    const second: TestedAnswer = await tested.request();
    expect([second.status, second.log]).toEqual([200, { concurrencyLimit: 'would refuse' }]);
    await open.end();
    expect(tested.status()).toMatchObject({ keys: 0, allowed: 1, refused: 1 });
  });

  test.each<[unknown, string]>([
    [{}, 'options.max: missing: expected an integer from 1'],
    [{ max: 0 }, 'options.max: expected an integer from 1 to 1000000, found 0'],
    [{ max: 1, queue: 5 }, 'options.queue: expected an object, found 5'],
    [{ max: 1, queue: { length: 1, timeout: 5 } }, 'options.queue.timeout: expected a duration'],
  ])('refuses the options %j', async (options, message) => {
    await expect(testPlugin(concurrencyLimit, options)).rejects.toThrow(message);
  });
});
