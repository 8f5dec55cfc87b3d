import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import { testPlugin, TestSiblings, type TestedPlugin } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';

const FRESH = { 'cache-control': 'max-age=60', etag: '"1"', 'cache-tag': 'all' };

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cache-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'kept');
}

async function written(tested: TestedPlugin, count: number): Promise<void> {
  await poll(() => tested.status()['diskWritten'] === count);
}

test('what one worker has stored another one serves, and so does the next one after a restart', async () => {
  const options = { disk: { folder: await makeFolder() } };
  const one = await testPlugin(cache, options);
  await using two = await testPlugin(cache, options);
  await one.request({ url: '/a' }, { headers: FRESH, body: '0123456789' });
  await written(one, 1);
  expect(await two.request({ url: '/a' })).toMatchObject({ text: '0123456789', log: { cache: 'hit' } });
  expect(two.status()).toMatchObject({ entries: 1 });
  await one.close();
  await using three = await testPlugin(cache, options);
  const part = await three.request({ url: '/a', headers: { range: 'bytes=2-4' } });
  expect(part).toMatchObject({ status: 206, text: '234', request: null });
});

test('what is too large for memory is served from the disk, whole and in part', async () => {
  const options = { memory: { largest: '1KiB' }, disk: { folder: await makeFolder() } };
  await using tested = await testPlugin(cache, options);
  const body = Array.from({ length: 5000 }, (_, i) => String(i % 10)).join('');
  await tested.request({ url: '/a' }, { headers: FRESH, body });
  await written(tested, 1);
  expect(tested.status()).toMatchObject({ entries: 0 });
  expect(await tested.request({ url: '/a' })).toMatchObject({ text: body, request: null });
  const part = await tested.request({ url: '/a', headers: { range: 'bytes=1230-1239' } });
  expect(part).toMatchObject({ status: 206, text: '0123456789', request: null });
  expect((await tested.request({ url: '/a', headers: { 'if-none-match': '"1"' } })).status).toBe(304);
  const head = await tested.request({ url: '/a', method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, text: '', request: null });
  expect(head.headers.get('content-length')).toBe('5000');
});

test('what is stale on the disk alone is revalidated', async () => {
  const options = { memory: { largest: '1KiB' }, disk: { folder: await makeFolder() } };
  await using tested = await testPlugin(cache, options);
  const headers = { ...FRESH, 'cache-control': 'max-age=0' };
  const body = 'x'.repeat(5000);
  await tested.request({ url: '/a' }, { headers, body });
  await written(tested, 1);
  const again = await tested.request(
    { url: '/a' },
    { status: 304, headers: { 'cache-control': 'max-age=60' } },
  );
  expect(again).toMatchObject({ status: 200, text: body, log: { cache: 'revalidated' } });
  await poll(async () => (await tested.request({ url: '/a' })).request === null);
});

test('a purge takes it from memory and disk of all workers', async () => {
  const options = { disk: { folder: await makeFolder() }, purge: { from: ['127.0.0.1'] } };
  const siblings = new TestSiblings();
  await using one = await testPlugin(cache, options, { siblings });
  await using two = await testPlugin(cache, options, { siblings });
  for (const url of ['/a', '/b', '/c']) await one.request({ url }, { headers: FRESH, body: url });
  await written(one, 3);
  await two.request({ url: '/a' });
  expect((await one.request({ method: 'PURGE', url: '/a' })).text).toBe('Purged: 1\n');
  await poll(async () => (await two.request({ url: '/a' }, { status: 404 })).status === 404);
  expect((await two.request({ method: 'PURGE', url: '/', headers: { 'cache-tag': 'all' } })).text).toBe(
    'Purged: 2\n',
  );
  await poll(async () => (await one.request({ url: '/b' }, { status: 404 })).status === 404);
});

test('of 20 that wait for what only the disk may hold one has gone to the backend', async () => {
  const options = { memory: { largest: '1KiB' }, disk: { folder: await makeFolder() } };
  await using tested = await testPlugin(cache, options);
  const body = 'x'.repeat(5000);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => tested.request({ url: '/a' }, { headers: FRESH, body })),
  );
  expect(answers.every(({ text }) => text === body)).toBe(true);
  expect(answers.filter(({ request }) => request !== null)).toHaveLength(1);
});

test('nobody waits for a client that leaves while the disk is looked into', async () => {
  await using tested = await testPlugin(cache, { disk: { folder: await makeFolder() } });
  const leaving = new AbortController();
  const left = tested.request({ url: '/a', signal: leaving.signal }, { headers: FRESH });
  leaving.abort();
  expect((await left).status).toBeNull();
  const next = await tested.request({ url: '/a' }, { headers: FRESH });
  expect(next.headers.get('cache-status')).toMatch(
    /^Tidegate; fwd=uri-miss; fwd-status=200; ttl=\d+; stored$/,
  );
});
