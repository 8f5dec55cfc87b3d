import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import bandwidthLimit from '../../../../plugins/builtin/bandwidth-limit/bandwidth-limit.ts';
import { testPlugin, TestSiblings, type TestedPlugin } from '../../../../plugins/testing.ts';

const KIB = 1024;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** When an answer of so many bytes had passed, in milliseconds from now. */
async function timeOf(
  tested: TestedPlugin,
  bytes: number,
  connection = tested.connection(),
): Promise<number> {
  const started = performance.now();
  const piece = Buffer.alloc(16 * KIB, 'x');
  const pieces = Array.from({ length: bytes / piece.length }, () => piece);
  const { body, headers } = await tested.request(
    { connection },
    { body: pieces, headers: { 'content-length': String(bytes) } },
  );
  expect(Buffer.alloc(bytes, 'x').equals(body)).toBe(true);
  expect(headers.get('content-length')).toBe(String(bytes));
  return performance.now() - started;
}

async function elapse<T>(work: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const settled = work.finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) await vi.advanceTimersByTimeAsync(5);
  return settled;
}

describe('bandwidth-limit', () => {
  test('a connection gets its rate after its burst', async () => {
    await using tested = await testPlugin(bandwidthLimit, {
      perConnection: { send: '64KiB' },
      burst: '64KiB',
    });
    const ms = await elapse(timeOf(tested, 320 * KIB));
    expect(ms).toBeGreaterThan(3900);
    expect(ms).toBeLessThan(4200);
  });

  test('exchanges of one connection share its rate, other connections have their own', async () => {
    await using tested = await testPlugin(bandwidthLimit, {
      perConnection: { send: '64KiB' },
      burst: '1KiB',
    });
    const connection = tested.connection();
    const [first, second, other] = await elapse(
      Promise.all([
        timeOf(tested, 64 * KIB, connection),
        timeOf(tested, 64 * KIB, connection),
        timeOf(tested, 64 * KIB),
      ]),
    );
    expect(Math.max(first, second)).toBeGreaterThan(1900);
    expect(other).toBeLessThan(1200);
  });

  test('the total is shared fairly by those who want it', async () => {
    await using tested = await testPlugin(bandwidthLimit, { total: { send: '1MiB' }, burst: '1KiB' });
    const times = await elapse(Promise.all(Array.from({ length: 8 }, () => timeOf(tested, 128 * KIB))));
    expect(Math.max(...times)).toBeGreaterThan(900);
    expect(Math.max(...times)).toBeLessThan(1200);
    expect(Math.min(...times)).toBeGreaterThan(800);
  });

  test('with more connections than a moment has packets for, each gets its turn', async () => {
    await using tested = await testPlugin(bandwidthLimit, { total: { send: '256KiB' }, burst: '1KiB' });
    const times = await elapse(Promise.all(Array.from({ length: 100 }, () => timeOf(tested, 16 * KIB))));
    expect(Math.max(...times)).toBeLessThan(7500);
    // everybody goes on until nearly the end; only the first one had the burst
    expect(times.toSorted((a, b) => a - b)[1]).toBeGreaterThan(5000);
  });

  test('what one does not want of the total is for the others', async () => {
    await using tested = await testPlugin(bandwidthLimit, {
      total: { send: '1MiB' },
      perConnection: { send: '900KiB' },
      burst: '1KiB',
    });
    const [ms] = await elapse(Promise.all([timeOf(tested, 896 * KIB), timeOf(tested, 16 * KIB)]));
    expect(ms).toBeLessThan(1200);
  });

  test('several workers share the total', async () => {
    const siblings = new TestSiblings();
    const options = { total: { send: '256KiB' }, burst: '1KiB' };
    await using one = await testPlugin(bandwidthLimit, options, { siblings });
    await using other = await testPlugin(bandwidthLimit, options, { siblings });
    const times = await elapse(Promise.all([timeOf(one, 128 * KIB), timeOf(other, 128 * KIB)]));
    for (const ms of times) expect(ms).toBeGreaterThan(900);
  });

  test('requests have a rate of their own', async () => {
    await using tested = await testPlugin(bandwidthLimit, {
      perConnection: { receive: '16KiB' },
      burst: '1KiB',
    });
    const started = performance.now();
    const body = Buffer.alloc(32 * KIB, 'y');
    const { request } = await elapse(tested.request({ method: 'POST', body }));
    expect(body.equals(request?.body ?? new Uint8Array())).toBe(true);
    expect(performance.now() - started).toBeGreaterThan(1800);
  });

  test('no timer runs where nobody waits', async () => {
    await using tested = await testPlugin(bandwidthLimit, {
      perConnection: { send: '1MiB' },
      burst: '64KiB',
    });
    await timeOf(tested, 64 * KIB);
    expect(vi.getTimerCount()).toBe(0);
    await elapse(timeOf(tested, 128 * KIB));
    expect(tested.status()).toEqual({ waiting: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<[unknown, string]>([
    [{}, 'expected a rate'],
    [{ total: {} }, 'expected a rate'],
    [{ total: { send: 5 } }, 'options.total.send: expected a size of 1024B or more, like "64KiB", found 5'],
    [{ total: { sned: '1MiB' } }, 'did you mean `send`?'],
  ])('refuses the options %j', async (options, message) => {
    await expect(testPlugin(bandwidthLimit, options)).rejects.toThrow(message);
  });
});
