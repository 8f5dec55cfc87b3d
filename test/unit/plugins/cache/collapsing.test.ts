import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import { poll } from '../../../support/poll.ts';
import { testPlugin, type TestBackendAnswer, type TestedPlugin } from '../../../../plugins/testing.ts';

const FRESH = { 'cache-control': 'max-age=60' };

/** A backend that answers when it is told to. */
function heldBackend() {
  const waiting: ((answer: TestBackendAnswer) => void)[] = [];
  return {
    waiting,
    answer: () => new Promise<TestBackendAnswer>((resolve) => waiting.push(resolve)),
  };
}

async function send(tested: TestedPlugin, count: number, ...request: Parameters<TestedPlugin['request']>) {
  const answers = Array.from({ length: count }, () => tested.request(...request));
  await turn();
  return answers;
}

test('of many at a time one goes to the backend, and all get its answer', async () => {
  await using tested = await testPlugin(cache);
  const backend = heldBackend();
  const answers = await send(tested, 10, { url: '/a' }, backend.answer);
  expect(backend.waiting).toHaveLength(1);
  backend.waiting[0]?.({ headers: FRESH, body: 'one' });
  const all = await Promise.all(answers);
  expect(all.map(({ text }) => text)).toEqual(Array(10).fill('one'));
  expect(all.filter(({ log }) => log['cache'] === 'collapsed')).toHaveLength(9);
  expect(all.at(-1)?.headers.get('cache-status')).toMatch(/^Tidegate; fwd=uri-miss; ttl=\d+; collapsed$/);
});

test('an answer that is not to be kept releases all at once, and the next ones do not wait', async () => {
  await using tested = await testPlugin(cache);
  const backend = heldBackend();
  const answers = await send(tested, 5, { url: '/a' }, backend.answer);
  const own = { headers: { 'cache-control': 'private' }, body: 'mine' };
  backend.waiting[0]?.(own);
  await poll(() => backend.waiting.length === 5);
  const later = await send(tested, 3, { url: '/a' }, backend.answer);
  await poll(() => backend.waiting.length === 8);
  for (const resolve of backend.waiting) resolve(own);
  const all = await Promise.all([...answers, ...later]);
  expect(all.every(({ request, text }) => request !== null && text === 'mine')).toBe(true);
  expect(all[1]?.headers.get('cache-status')).toBe(
    'Tidegate; fwd=uri-miss; fwd-status=200; collapsed=?0; detail=private',
  );
});

test('conditions of clients go to the backend where its answers are not kept', async () => {
  await using tested = await testPlugin(cache);
  const conditional = { url: '/a', headers: { 'if-none-match': '"1"', range: 'bytes=0-1' } };
  const first = await tested.request(conditional, { headers: { 'cache-control': 'private' } });
  expect(first.request?.headers.has('if-none-match')).toBe(false);
  const second = await tested.request(conditional, { status: 304, headers: { etag: '"1"' } });
  expect(second.request?.headers.get('if-none-match')).toBe('"1"');
  expect(second.status).toBe(304);
});

test('where the client of the one that went leaves, another one goes', async () => {
  await using tested = await testPlugin(cache);
  const backend = heldBackend();
  const leaving = new AbortController();
  const first = tested.request({ url: '/a', signal: leaving.signal }, backend.answer);
  const others = await send(tested, 3, { url: '/a' }, backend.answer);
  leaving.abort();
  backend.waiting[0]?.({ headers: FRESH, body: 'lost' });
  await first;
  await poll(() => backend.waiting.length === 2);
  backend.waiting[1]?.({ headers: FRESH, body: 'found' });
  expect((await Promise.all(others)).map(({ text }) => text)).toEqual(['found', 'found', 'found']);
});

test('nobody waits longer than the time-out, nor behind more than may wait', async () => {
  await using tested = await testPlugin(cache, { collapse: { timeout: '30ms', waiters: 2 } });
  const backend = heldBackend();
  const answers = await send(tested, 4, { url: '/a' }, backend.answer);
  expect(backend.waiting).toHaveLength(2);
  await poll(() => backend.waiting.length === 4);
  for (const resolve of backend.waiting) resolve({ headers: FRESH, body: 'x' });
  expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(['x', 'x', 'x', 'x']);
});

test('another variant than that waited for is asked for', async () => {
  await using tested = await testPlugin(cache);
  const backend = heldBackend();
  const en = await send(tested, 1, { url: '/a', headers: { 'accept-language': 'en' } }, backend.answer);
  const de = await send(tested, 2, { url: '/a', headers: { 'accept-language': 'de' } }, backend.answer);
  const headers = { ...FRESH, vary: 'Accept-Language' };
  backend.waiting[0]?.({ headers, body: 'hello' });
  await poll(() => backend.waiting.length === 2);
  backend.waiting[1]?.({ headers, body: 'hallo' });
  expect((await Promise.all([...en, ...de])).map(({ text }) => text)).toEqual(['hello', 'hallo', 'hallo']);
});

test('a client that waits and leaves is no longer waited for', async () => {
  await using tested = await testPlugin(cache);
  const backend = heldBackend();
  const first = tested.request({ url: '/a' }, backend.answer);
  await turn();
  const leaving = new AbortController();
  const waits = tested.request({ url: '/a', signal: leaving.signal }, backend.answer);
  leaving.abort();
  expect((await waits).status).toBeNull();
  backend.waiting[0]?.({ headers: FRESH });
  await first;
  expect(backend.waiting).toHaveLength(1);
});

test('a client with a password releases none of those who wait without one', async () => {
  await using tested = await testPlugin(cache);
  const backend = heldBackend();
  const [attack] = await send(tested, 1, { url: '/a', headers: { authorization: 'x' } }, backend.answer);
  const others = await send(tested, 5, { url: '/a' }, backend.answer);
  expect(backend.waiting).toHaveLength(2);
  backend.waiting[0]?.({ headers: FRESH, body: 'mine' });
  await attack;
  backend.waiting[1]?.({ headers: FRESH, body: 'for all' });
  expect((await Promise.all(others)).map(({ text }) => text)).toEqual(Array(5).fill('for all'));
  expect(backend.waiting).toHaveLength(2);
});
