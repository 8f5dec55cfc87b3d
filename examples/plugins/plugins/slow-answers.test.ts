import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testPlugin } from 'tidegate/testing';
import slowAnswers from './slow-answers.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A backend that answers after so long. */
const after = (ms: number) => () => {
  vi.advanceTimersByTime(ms);
  return { status: 200 };
};

test('the client is told how long the backend took', async () => {
  await using tested = await testPlugin(slowAnswers, { after: '500ms' });
  const { headers } = await tested.request({ url: '/' }, after(20));
  expect(headers.get('server-timing')).toBe('backend;dur=20');
  expect(tested.logs).toEqual([]);
});

test('a slow answer is logged and counted', async () => {
  await using tested = await testPlugin(slowAnswers, { after: '500ms' });
  const { log } = await tested.request({ url: '/report?year=1' }, after(700));
  expect(log).toEqual({ slow: 700 });
  expect(tested.logs).toMatchObject([{ level: 'warn', fields: { path: '/report', ms: 700 } }]);
  expect(tested.status()).toEqual({ slow: 1 });
});

test('an answer of Tidegate itself is not timed', async () => {
  await using tested = await testPlugin(slowAnswers, {});
  const { headers } = await tested.request({ url: '/' }, { status: 503, from: 'proxy' });
  expect(headers.has('server-timing')).toBe(false);
});

test('what is no duration is refused', async () => {
  await expect(testPlugin(slowAnswers, { after: 'soon' })).rejects.toThrow(
    'options.after: expected a duration',
  );
});
