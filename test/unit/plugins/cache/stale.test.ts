import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import type { PluginSubrequest } from '../../../../plugins/api.ts';
import { testPlugin, type TestSubanswer } from '../../../../plugins/testing.ts';

function fakeClock(): void {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 });
  onTestFinished(() => void vi.useRealTimers());
}

function background(answers: readonly (TestSubanswer | Error)[]) {
  const sent: PluginSubrequest[] = [];
  const left = [...answers];
  return {
    sent,
    request: (subrequest: PluginSubrequest): TestSubanswer => {
      sent.push(subrequest);
      const answer = left.shift();
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('none is left');
      return answer;
    },
  };
}

const SWR = { 'cache-control': 'max-age=10, stale-while-revalidate=20', etag: '"1"' };

test('a stale answer is served while it is asked for in the background', async () => {
  fakeClock();
  const { sent, request } = background([{ headers: SWR, body: 'new' }]);
  await using tested = await testPlugin(cache, {}, { request });
  await tested.request(
    { url: '/a?b', headers: { accept: 'text/html', cookie: 's=1', 'x-mine': '1', 'accept-encoding': 'br' } },
    (got) => {
      got.headers.set('authorization', 'Bearer of-the-gate');
      return { headers: SWR, body: 'old' };
    },
  );
  vi.advanceTimersByTime(15_000);
  const stale = await tested.request({ url: '/a?b' });
  expect(stale).toMatchObject({ text: 'old', request: null, log: { cache: 'stale' } });
  expect(stale.headers.get('cache-status')).toBe('Tidegate; hit; ttl=-5');
  await turn();
  expect((await tested.request({ url: '/a?b' })).text).toBe('new');
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ upstream: 'site', target: '/a?b', host: 'localhost' });
  expect(sent[0]?.headers).toEqual({
    accept: ['text/html'],
    'accept-encoding': ['br'],
    authorization: ['Bearer of-the-gate'],
    'X-Forwarded-Proto': ['http'],
    'X-Forwarded-Host': ['localhost'],
    'If-None-Match': '"1"',
  });
});

test('a 304 in the background makes it fresh again', async () => {
  fakeClock();
  const { sent, request } = background([{ status: 304, headers: { 'cache-control': 'max-age=100' } }]);
  await using tested = await testPlugin(cache, {}, { request });
  await tested.request({ url: '/a' }, { headers: SWR, body: 'old' });
  vi.advanceTimersByTime(15_000);
  await tested.request({ url: '/a' });
  await turn();
  expect((await tested.request({ url: '/a' })).headers.get('cache-status')).toBe('Tidegate; hit; ttl=100');
  expect(sent).toHaveLength(1);
});

test('where the backend fails in the background it is left alone for a second', async () => {
  fakeClock();
  const { sent, request } = background([new Error('down'), { status: 503 }]);
  await using tested = await testPlugin(cache, {}, { request });
  const headers = { 'cache-control': 'max-age=10, stale-while-revalidate=20, stale-if-error=100' };
  await tested.request({ url: '/a' }, { headers, body: 'old' });
  vi.advanceTimersByTime(11_000);
  for (let i = 0; i < 5; i++) {
    expect((await tested.request({ url: '/a' })).text).toBe('old');
    await turn();
    expect(sent).toHaveLength(1);
  }
  vi.advanceTimersByTime(1001);
  expect((await tested.request({ url: '/a' })).text).toBe('old');
  await turn();
  expect(sent).toHaveLength(2);
});

test('an answer in the background that is not to be kept is left to the next who asks', async () => {
  fakeClock();
  const { request } = background([{ headers: { 'cache-control': 'private' }, body: 'x' }]);
  await using tested = await testPlugin(cache, {}, { request });
  await tested.request({ url: '/a' }, { headers: SWR, body: 'old' });
  vi.advanceTimersByTime(15_000);
  await tested.request({ url: '/a' });
  await turn();
  expect((await tested.request({ url: '/a' })).request).not.toBeNull();
});

test('what was asked for with a password is not asked for in the background', async () => {
  fakeClock();
  const { sent, request } = background([]);
  await using tested = await testPlugin(cache, {}, { request });
  const headers = { 'cache-control': 'public, max-age=10, stale-while-revalidate=20' };
  await tested.request({ url: '/a', headers: { authorization: 'Basic eA==' } }, { headers, body: 'old' });
  vi.advanceTimersByTime(15_000);
  expect((await tested.request({ url: '/a' }, { headers, body: 'new' })).text).toBe('new');
  expect(sent).toEqual([]);
});

test.each([
  ['the backend answers 500', { status: 500, body: 'broken' }],
  ['the backend answers 503', { status: 503 }],
  ['there is no answer', { status: 502, from: 'proxy' as const }],
])('a stale answer is served where %s', async (_, failure) => {
  fakeClock();
  await using tested = await testPlugin(cache, { staleIfError: '1m' });
  await tested.request({ url: '/a' }, { headers: { 'cache-control': 'max-age=10' }, body: 'old' });
  vi.advanceTimersByTime(15_000);
  const stale = await tested.request({ url: '/a' }, failure);
  expect(stale).toMatchObject({ status: 200, text: 'old', log: { cache: 'stale' } });
  expect(stale.headers.get('cache-status')).toBe(`Tidegate; fwd=stale; fwd-status=${failure.status}; ttl=-5`);
  // and for a moment nobody asks again
  expect((await tested.request({ url: '/a' })).request).toBeNull();
  vi.advanceTimersByTime(1001);
  expect((await tested.request({ url: '/a' }, failure)).request).not.toBeNull();
  vi.advanceTimersByTime(60_000);
  expect((await tested.request({ url: '/a' }, failure)).status).toBe(failure.status);
});

test.each(['must-revalidate, max-age=10', 's-maxage=10', 'no-cache'])(
  'with %s nothing stale is served',
  async (field) => {
    fakeClock();
    await using tested = await testPlugin(cache, { staleIfError: '1m', staleWhileRevalidate: '1m' });
    await tested.request({ url: '/a' }, { headers: { 'cache-control': field, etag: '"1"' }, body: 'old' });
    vi.advanceTimersByTime(15_000);
    expect((await tested.request({ url: '/a' }, { status: 503 })).status).toBe(503);
  },
);

test.each([{ authorization: 'Basic eDp4' }, { cookie: 'session=1' }])(
  'a client who shows %o does not take away what stands in for a backend that fails',
  async (headers) => {
    fakeClock();
    await using tested = await testPlugin(cache, { staleIfError: '1h', ttl: [{ ttl: '1s' }] });
    await tested.request({ url: '/a' }, { body: 'good' });
    vi.advanceTimersByTime(100_000);
    await tested.request({ url: '/a', headers }, { body: 'mine' });
    expect((await tested.request({ url: '/a' }, { status: 503 })).text).toBe('good');
  },
);
