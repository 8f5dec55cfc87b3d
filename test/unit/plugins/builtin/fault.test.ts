import { expect, test } from 'vitest';
import fault from '../../../../plugins/builtin/fault.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

test('requests get the status that is asked for', async () => {
  await using tested = await testPlugin(fault, { abort: { status: 503 } });
  expect(await tested.request()).toMatchObject({ status: 503, request: null, log: { fault: '503' } });
});

test('connections are reset', async () => {
  await using tested = await testPlugin(fault, { abort: { status: 'reset' } });
  expect(await tested.request()).toMatchObject({ status: null, request: null });
});

test('requests wait', async () => {
  await using tested = await testPlugin(fault, { delay: { duration: '50ms', upTo: '60ms' } });
  const started = performance.now();
  expect(await tested.request()).toMatchObject({ status: 200 });
  expect(performance.now() - started).toBeGreaterThan(48);
});

test('a client that goes away ends its wait', async () => {
  await using tested = await testPlugin(fault, { delay: { duration: '1h' } });
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const gone = new AbortController();
  setImmediate(() => gone.abort());
  expect(await tested.request({ signal: gone.signal })).toMatchObject({ status: null });
  expect(timers()).toBe(before);
});

test('a share of the requests is concerned', async () => {
  await using tested = await testPlugin(fault, { abort: { percent: 25, status: 500 } });
  let failed = 0;
  for (let i = 0; i < 4000; i++) if ((await tested.request()).status === 500) failed++;
  // Six standard deviations.
  expect(failed).toBeGreaterThan(835);
  expect(failed).toBeLessThan(1165);
  expect(tested.status()).toEqual({ delayed: 0, aborted: failed });
  await using never = await testPlugin(fault, { abort: { percent: 0, status: 500 } });
  expect((await never.request()).status).toBe(200);
});

test('only requests with a field, or of a path, are concerned', async () => {
  await using tested = await testPlugin(fault, {
    path: '/api/*',
    header: { name: 'X-Fault', value: 'yes' },
    abort: { status: 500 },
  });
  const headers = { 'x-fault': 'yes' };
  expect((await tested.request({ url: '/api/x', headers })).status).toBe(500);
  expect((await tested.request({ url: '/api/x', headers: { 'x-fault': 'no' } })).status).toBe(200);
  expect((await tested.request({ url: '/', headers })).status).toBe(200);
});

test.each([
  [{ abort: { status: 700 } }, 'abort.status: expected a status from 200 to 599, or "reset", found 700'],
  [{ abort: { status: 500, percent: 101 } }, 'abort.percent: expected a percentage'],
  [{ delay: { duration: '2s', upTo: '1s' } }, 'delay.upTo: expected no less'],
  [{ delay: { duration: 5 } }, 'delay.duration: expected a duration'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(fault, options)).rejects.toThrow(message);
});
