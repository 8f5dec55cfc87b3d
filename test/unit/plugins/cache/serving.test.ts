import { expect, onTestFinished, test, vi } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import { testPlugin, type TestBackendAnswer } from '../../../../plugins/testing.ts';

const FRESH = { 'cache-control': 'max-age=60', etag: '"1"' };
const page: TestBackendAnswer = { headers: FRESH, body: '0123456789' };

function fakeClock(): void {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 });
  onTestFinished(() => void vi.useRealTimers());
}

test('the second request is answered from the cache, and says how old the answer is', async () => {
  fakeClock();
  await using tested = await testPlugin(cache);
  const first = await tested.request({ url: '/a' }, page);
  expect(first.headers.get('cache-status')).toBe('Tidegate; fwd=uri-miss; fwd-status=200; ttl=60; stored');
  expect(first.log).toEqual({ cache: 'miss' });
  vi.advanceTimersByTime(7000);
  const second = await tested.request({ url: '/a' });
  expect(second).toMatchObject({ status: 200, text: '0123456789', request: null, log: { cache: 'hit' } });
  expect(second.headers.get('age')).toBe('7');
  expect(second.headers.get('cache-status')).toBe('Tidegate; hit; ttl=53');
  expect(second.headers.get('etag')).toBe('"1"');
  expect(tested.status()).toMatchObject({ entries: 1, hits: 1, misses: 1 });
});

test('when it is stale, the backend is asked whether it is still the same', async () => {
  fakeClock();
  await using tested = await testPlugin(cache);
  await tested.request({ url: '/a' }, page);
  vi.advanceTimersByTime(60_000);
  const again = await tested.request(
    { url: '/a' },
    { status: 304, headers: { 'cache-control': 'max-age=5', 'x-new': 'yes' } },
  );
  expect(again.request?.headers.get('if-none-match')).toBe('"1"');
  expect(again).toMatchObject({ status: 200, text: '0123456789', log: { cache: 'revalidated' } });
  expect(again.headers.get('cache-status')).toBe('Tidegate; fwd=stale; fwd-status=304; ttl=5');
  expect((await tested.request({ url: '/a' })).headers.get('x-new')).toBe('yes');
  vi.advanceTimersByTime(5000);
  const changed = await tested.request({ url: '/a' }, { headers: FRESH, body: 'new' });
  expect(changed.text).toBe('new');
  expect((await tested.request({ url: '/a' })).text).toBe('new');
});

test.each<[string, Record<string, string>, number, string]>([
  ['a part', { range: 'bytes=2-4' }, 206, '234'],
  ['the end', { range: 'bytes=-3' }, 206, '789'],
  ['a part that is not there', { range: 'bytes=10-' }, 416, ''],
  ['a part of this version', { range: 'bytes=2-4', 'if-range': '"1"' }, 206, '234'],
  ['a part of another version', { range: 'bytes=2-4', 'if-range': '"0"' }, 200, '0123456789'],
  ['what the client has', { 'if-none-match': '"1"' }, 304, ''],
  ['what the client has not', { 'if-none-match': '"0"' }, 200, '0123456789'],
])('asked for %s', async (_, headers, status, text) => {
  await using tested = await testPlugin(cache);
  await tested.request({ url: '/a' }, page);
  expect(await tested.request({ url: '/a', headers })).toMatchObject({ status, text, request: null });
});

test('HEAD is answered from what GET has brought', async () => {
  await using tested = await testPlugin(cache);
  await tested.request({ url: '/a' }, page);
  const head = await tested.request({ url: '/a', method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, text: '', request: null });
  expect(head.headers.get('content-length')).toBe('10');
});

test('asked for a part of what is not there, the backend is asked for all of it', async () => {
  await using tested = await testPlugin(cache);
  const part = await tested.request({ url: '/a', headers: { range: 'bytes=2-4' } }, page);
  expect(part.request?.headers.get('range')).toBeNull();
  expect(part).toMatchObject({ status: 206, text: '234' });
  expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
  expect((await tested.request({ url: '/a' })).text).toBe('0123456789');
});

test('tags are not for clients, whatever way the answer took', async () => {
  await using tested = await testPlugin(cache);
  const answer = { headers: { 'cache-tag': 'x' } };
  for (const request of [{ headers: { 'if-match': '"1"' } }, { method: 'POST' }])
    expect((await tested.request(request, answer)).headers.has('cache-tag')).toBe(false);
});

test('a 304 that is of another version takes the stored one away', async () => {
  await using tested = await testPlugin(cache);
  const first = { 'cache-control': 'max-age=0', etag: '"1"' };
  await tested.request({ url: '/a' }, { headers: first, body: 'one' });
  const other = { 'cache-control': 'max-age=60', etag: '"2"' };
  await tested.request({ url: '/a' }, { status: 304, headers: other });
  expect((await tested.request({ url: '/a' }, { body: 'two' })).text).toBe('two');
});

test('memory flood by a 304 with large fields: they count', async () => {
  await using tested = await testPlugin(cache);
  const headers = { 'cache-control': 'max-age=0', etag: '"1"' };
  await tested.request({ url: '/a' }, { headers, body: 'one' });
  const before = Number(tested.status()['bytes']);
  const large = { etag: '"1"', 'x-large': 'x'.repeat(10_000) };
  await tested.request({ url: '/a' }, { status: 304, headers: large });
  expect(Number(tested.status()['bytes'])).toBeGreaterThan(before + 10_000);
});
