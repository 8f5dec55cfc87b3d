import { expect, test, vi } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import { TestSiblings, testPlugin, type TestedPlugin } from '../../../../plugins/testing.ts';

const purge = { from: ['192.0.2.0/24'] };
const client = '192.0.2.1';

async function fill(tested: TestedPlugin, ...urls: readonly string[]): Promise<void> {
  for (const url of urls)
    await tested.request(
      { url },
      { headers: { 'cache-control': 'max-age=60', 'cache-tag': `all, t${url.length}` }, body: url },
    );
}

async function isKept(tested: TestedPlugin, url: string): Promise<boolean> {
  return (await tested.request({ url, method: 'HEAD' })).request === null;
}

test.each([
  ['a URL', { url: '/a?x=1' }, ['/b', '/a/b', 'https://localhost/b'], 2],
  ['a prefix', { url: '/a*' }, ['/b', 'https://localhost/b'], 3],
  ['everything of a host', { url: '/*' }, [], 5],
  ['a tag', { url: '/', headers: { 'cache-tag': 't6' } }, ['/b', '/a/b', 'https://localhost/b'], 1],
  ['something that is not there', { url: '/x' }, ['/b', '/a/b', '/a?x=1', 'https://localhost/b'], 0],
])('%s is purged', async (_, request, left, count) => {
  await using tested = await testPlugin(cache, { purge });
  await fill(tested, '/a?x=1', '/b', '/a/b', 'https://localhost/a?x=1', 'https://localhost/b');
  const answer = await tested.request({ ...request, method: 'PURGE', client });
  expect(answer).toMatchObject({ status: 200, text: `Purged: ${count}\n`, request: null });
  for (const url of left) expect(await isKept(tested, url)).toBe(true);
  expect(tested.status()['purged']).toBe(count);
});

test('only who may purge does', async () => {
  await using tested = await testPlugin(cache, {
    purge: { ...purge, header: { name: 'X-Purge-Key', value: 'sesame' } },
  });
  await fill(tested, '/a');
  const ask = { url: '/a', method: 'PURGE' };
  const key = { 'x-purge-key': 'sesame' };
  expect((await tested.request({ ...ask, client })).status).toBe(403);
  expect((await tested.request({ ...ask, headers: key, client: '198.51.100.1' })).status).toBe(403);
  expect(await isKept(tested, '/a')).toBe(true);
  expect((await tested.request({ ...ask, headers: key, client })).status).toBe(200);
  expect(await isKept(tested, '/a')).toBe(false);
});

test('without `purge` the method is the backend’s', async () => {
  await using tested = await testPlugin(cache);
  expect((await tested.request({ url: '/a', method: 'PURGE', client })).request).not.toBeNull();
});

test('a URL is purged with all that else is part of its keys', async () => {
  await using tested = await testPlugin(cache, { purge, key: { headers: ['x-tenant'] } });
  for (const tenant of ['1', '2'])
    await tested.request(
      { url: '/a', headers: { 'x-tenant': tenant } },
      { headers: { 'cache-control': 'max-age=60' } },
    );
  expect((await tested.request({ url: '/a', method: 'PURGE', client })).text).toBe('Purged: 2\n');
});

test('an answer that was under way when it was purged is not kept', async () => {
  await using tested = await testPlugin(cache, { purge });
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = tested.request({ url: '/a' }, async () => {
    await promise;
    return { headers: { 'cache-control': 'max-age=60' }, body: 'old' };
  });
  await tested.request({ url: '/a', method: 'PURGE', client });
  resolve();
  expect((await slow).text).toBe('old');
  expect(await isKept(tested, '/a')).toBe(false);
});

test('other workers purge, too', async () => {
  const siblings = new TestSiblings();
  await using one = await testPlugin(cache, { purge }, { siblings });
  await using two = await testPlugin(cache, { purge }, { siblings });
  await fill(one, '/a', '/b');
  await fill(two, '/a', '/b');
  await one.request({ url: '/a', method: 'PURGE', client });
  await vi.waitFor(async () => expect(await isKept(two, '/a')).toBe(false));
  expect(await isKept(two, '/b')).toBe(true);
  await two.request({ url: '/b', method: 'POST', body: 'x' });
  await vi.waitFor(async () => expect(await isKept(one, '/b')).toBe(false));
});

test.each([
  ['goes well', { status: 204 }, ['/a'], ['/b', '/c']],
  ['fails', { status: 400 }, [], ['/a', '/b', '/c']],
  ['has made something else', { status: 201, headers: { location: '/b' } }, ['/a', '/b'], ['/c']],
  [
    'has made it at another host',
    { status: 201, headers: { location: 'http://other/b' } },
    ['/a'],
    ['/b', '/c'],
  ],
  ['says where it is', { headers: { 'content-location': 'http://localhost/c' } }, ['/a', '/c'], ['/b']],
])('a POST that %s takes out what it has changed', async (_, answer, gone, left) => {
  await using tested = await testPlugin(cache);
  await fill(tested, '/a', '/b', '/c');
  await tested.request({ url: '/a', method: 'POST', body: 'x' }, answer);
  for (const url of gone) expect(await isKept(tested, url)).toBe(false);
  for (const url of left) expect(await isKept(tested, url)).toBe(true);
});

test('tags are not shown to clients unless they are to be', async () => {
  await using tested = await testPlugin(cache);
  const answer = { headers: { 'cache-control': 'max-age=60', 'cache-tag': 'a' } };
  for (let i = 0; i < 2; i++)
    expect((await tested.request({ url: '/a' }, answer)).headers.has('cache-tag')).toBe(false);
  await using open = await testPlugin(cache, { tags: { remove: false } });
  for (let i = 0; i < 2; i++)
    expect((await open.request({ url: '/a' }, answer)).headers.get('cache-tag')).toBe('a');
});

test('a backend that names a URL longer than a message to other workers takes none of them down', async () => {
  const siblings = new TestSiblings();
  await using tested = await testPlugin(cache, {}, { siblings });
  await using other = await testPlugin(cache, {}, { siblings });
  await other.request({ url: '/a' }, { headers: { 'cache-control': 'max-age=60' } });
  const location = `/${'\u00ff'.repeat(20_000)}`;
  await tested.request({ url: '/a', method: 'POST' }, { headers: { location } });
  await vi.waitFor(async () => expect(await isKept(other, '/a')).toBe(false));
});
