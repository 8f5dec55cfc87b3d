import { expect, onTestFinished, test, vi } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const page = { headers: { 'cache-control': 'max-age=60' }, body: 'old' };

/** Whether a request with these fields is answered from an entry that is 10 s old. */
async function isServed(headers: Record<string, string>, options: unknown): Promise<boolean> {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  await using tested = await testPlugin(cache, options);
  await tested.request({ url: '/a' }, page);
  vi.advanceTimersByTime(10_000);
  return (await tested.request({ url: '/a', headers }, page)).request === null;
}

const FIELDS: [string, string, boolean][] = [
  ['cache-control', 'no-cache', false],
  ['pragma', 'no-cache', false],
  ['cache-control', 'max-age=5', false],
  ['cache-control', 'max-age=15', true],
  ['cache-control', 'min-fresh=55', false],
  ['cache-control', 'min-fresh=45', true],
  ['cache-control', 'max-stale=100', true],
];

test.each(FIELDS)('%s: %s counts where clients are listened to', async (name, value, served) => {
  expect(await isServed({ [name]: value }, { requestDirectives: 'honour' })).toBe(served);
});

test.each(FIELDS)('%s: %s does not count otherwise', async (name, value) => {
  expect(await isServed({ [name]: value }, {})).toBe(true);
});

test('only-if-cached gets no answer that is not there', async () => {
  await using tested = await testPlugin(cache, { requestDirectives: 'honour' });
  const asked = { url: '/a', headers: { 'cache-control': 'only-if-cached' } };
  expect(await tested.request(asked, page)).toMatchObject({ status: 504, request: null });
  await tested.request({ url: '/a' }, page);
  expect(await tested.request(asked, page)).toMatchObject({ status: 200, text: 'old', request: null });
});

test('why a request went to the backend', async () => {
  await using tested = await testPlugin(cache, {
    requestDirectives: 'honour',
    bypass: { cookies: ['session'], headers: ['x-debug'] },
  });
  const why = async (request: object): Promise<string | null> =>
    (
      await tested.request({ url: '/a', ...request }, { ...page, headers: { ...page.headers, vary: 'x-a' } })
    ).headers
      .get('cache-status')
      ?.split(';')[1] ?? null;
  expect(await why({})).toBe(' fwd=uri-miss');
  expect(await why({})).toBe(' hit');
  expect(await why({ headers: { 'x-a': '1' } })).toBe(' fwd=vary-miss');
  expect(await why({ headers: { 'cache-control': 'no-cache' } })).toBe(' fwd=request');
  expect(await why({ headers: { cookie: 'a=1; session=2' } })).toBe(' fwd=bypass');
  expect(await why({ headers: { 'x-debug': '' } })).toBe(' fwd=bypass');
  expect(await why({ method: 'POST', body: 'x' })).toBe(' fwd=method');
});
