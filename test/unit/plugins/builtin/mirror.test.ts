import { expect, onTestFinished, test, vi } from 'vitest';
import mirror from '../../../../plugins/builtin/mirror/mirror.ts';
import {
  testPlugin,
  type TestedPlugin,
  type TestPluginRequest,
  type TestSubanswer,
} from '../../../../plugins/testing.ts';
import type { PluginSubrequest } from '../../../../plugins/contract/context.ts';
import { poll } from '../../../support/poll.ts';

interface Mirrored {
  readonly tested: TestedPlugin;
  readonly copies: PluginSubrequest[];
}

type Answer = (copy: PluginSubrequest) => TestSubanswer | Promise<TestSubanswer>;

async function start(options: object = {}, answer: Answer = () => ({})): Promise<Mirrored> {
  const copies: PluginSubrequest[] = [];
  const tested = await testPlugin(
    mirror,
    { upstream: 'next', ...options },
    {
      upstreams: ['live', 'next'],
      request: (copy) => {
        copies.push(copy);
        return answer(copy);
      },
    },
  );
  onTestFinished(() => tested.close());
  return { tested, copies };
}

async function done({ tested }: Mirrored): Promise<void> {
  await poll(() => tested.status()['underWay'] === 0);
}

/** How many copies these requests had. */
async function copiesOf(options: object, requests: readonly TestPluginRequest[]): Promise<number> {
  const mirrored = await start({ concurrency: 10_000, ...options });
  for (const request of requests) await mirrored.tested.request(request);
  await done(mirrored);
  return mirrored.copies.length;
}

const clients = (count: number): TestPluginRequest[] =>
  Array.from({ length: count }, (_, i) => ({ client: `10.0.${i >> 8}.${i & 255}` }));

test('a copy has what the backend gets, says who the client is, and that it is one', async () => {
  const mirrored = await start();
  const { log } = await mirrored.tested.request({
    url: 'https://shop.example/cart?x=1',
    client: '192.0.2.7',
    headers: {
      Accept: 'text/html',
      'X-Tag': ['a', 'b'],
      'X-Forwarded-For': '10.9.9.9',
      Forwarded: 'for=10.9.9.9',
      Expect: '100-continue',
      ['__proto__']: 'x',
    },
  });
  await done(mirrored);
  const [copy] = mirrored.copies;
  expect(copy).toMatchObject({ upstream: 'next', method: 'GET', target: '/cart?x=1', host: 'shop.example' });
  expect(Object.entries(copy?.headers ?? {})).toEqual([
    ['Accept', ['text/html']],
    ['X-Tag', ['a', 'b']],
    ['__proto__', ['x']],
    ['X-Forwarded-For', ['192.0.2.7']],
    ['X-Forwarded-Proto', ['https']],
    ['X-Forwarded-Host', ['shop.example']],
    ['X-Forwarded-Port', ['443']],
    ['X-Request-Id', ['test-request']],
    ['X-Mirror', ['1']],
  ]);
  expect(log).toEqual({ mirror: 'next' });
});

test('what a trusted proxy said of the client is said on', async () => {
  const mirrored = await start();
  const connection = mirrored.tested.connection({ address: '10.0.0.1' });
  await mirrored.tested.request({
    connection,
    client: '192.0.2.7',
    headers: { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Proto': 'https' },
  });
  await done(mirrored);
  expect(mirrored.copies[0]?.headers).toMatchObject({
    'X-Forwarded-For': ['192.0.2.7, 10.0.0.1'],
    'X-Forwarded-Proto': ['https'],
  });
});

test('header fields of the copy are edited, those of the request are not', async () => {
  const mirrored = await start({
    keepHost: false,
    headers: { remove: ['cookie', 'x-internal-*'], set: { 'X-From': '{listener}', Accept: '' } },
  });
  const { request } = await mirrored.tested.request({
    headers: { Cookie: 'a=1', 'X-Internal-User': 'me', Accept: '*/*' },
  });
  await done(mirrored);
  const [copy] = mirrored.copies;
  expect(Object.keys(copy?.headers ?? {}).filter((name) => !name.startsWith('X-Forw'))).toEqual([
    'X-Request-Id',
    'X-From',
    'X-Mirror',
  ]);
  expect(copy?.headers?.['X-From']).toEqual(['test']);
  expect(copy).not.toHaveProperty('host');
  expect(request?.headers.get('cookie')).toBe('a=1');
  expect(request?.headers.has('x-mirror')).toBe(false);
});

test('only methods that change nothing are copied, unless others are named', async () => {
  const requests = ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'].map((method) => ({ method }));
  expect(await copiesOf({}, requests)).toBe(3);
  expect(await copiesOf({ methods: ['DELETE'] }, requests)).toBe(1);
});

test('a request that is a copy, and the handshake of a WebSocket, are not copied', async () => {
  const requests = [{ headers: { 'x-mirror': '1' } }, { headers: { 'Sec-WebSocket-Key': 'abc' } }];
  expect(await copiesOf({}, requests)).toBe(0);
});

test('conditions say which requests are copied', async () => {
  const requests = [{ url: '/api/a' }, { url: '/api' }, { url: 'http://b.example/api/a' }];
  expect(await copiesOf({ path: '/api/*', hosts: ['localhost'] }, requests)).toBe(1);
});

test('a share is copied, the same clients by their key', async () => {
  expect(await copiesOf({ percent: 0 }, clients(100))).toBe(0);
  const drawn = await copiesOf({ percent: 25 }, clients(2000));
  expect(drawn).toBeGreaterThan(400);
  expect(drawn).toBeLessThan(600);
  const keyed = await start({ percent: 25, key: '{client_address}', concurrency: 10_000 });
  for (const request of [...clients(400), ...clients(400)]) await keyed.tested.request(request);
  await done(keyed);
  const ofClient = Map.groupBy(keyed.copies, ({ headers }) => String(headers?.['X-Forwarded-For']));
  expect([...ofClient.values()].every(({ length }) => length === 2)).toBe(true);
  expect(ofClient.size).toBeGreaterThan(60);
  expect(ofClient.size).toBeLessThan(140);
});

test('requests with a body have no copy, unless that is asked for', async () => {
  const post = { method: 'POST', body: 'abc' };
  expect(await copiesOf({ methods: ['POST'] }, [post, { method: 'POST' }])).toBe(1);
});

test('a body is copied as it comes, with the coding that it has there', async () => {
  const mirrored = await start({ methods: ['POST'], body: {} });
  const { request } = await mirrored.tested.request({
    method: 'POST',
    headers: { 'content-encoding': 'x-own' },
    body: ['one ', null, 'two'],
  });
  await done(mirrored);
  expect(request?.text).toBe('one two');
  const [copy] = mirrored.copies;
  expect(Buffer.from(copy?.body instanceof Uint8Array ? copy.body : '').toString()).toBe('one two');
  expect(copy?.headers).toMatchObject({ 'Content-Encoding': ['x-own'] });
});

test.each([
  ['said', 'x'.repeat(11)],
  ['found', ['x'.repeat(6), 'x'.repeat(5)]],
])('a body that is %s to be too large goes on, and has no copy', async (_, body) => {
  const mirrored = await start({ methods: ['POST'], body: { largest: '10B' } });
  const { request } = await mirrored.tested.request({ method: 'POST', body });
  expect(request?.text).toBe('x'.repeat(11));
  await done(mirrored);
  expect(mirrored.tested.status()).toMatchObject({ sent: 0, tooLarge: 1, dropped: 0 });
});

test('a body that breaks off gives its place back', async () => {
  const mirrored = await start({ methods: ['POST'], body: {}, concurrency: 1 });
  const broken = (function* pieces() {
    yield 'half';
    throw new Error('the client has gone');
  })();
  await expect(mirrored.tested.request({ method: 'POST', body: broken })).rejects.toThrow('has gone');
  expect(mirrored.tested.status()).toMatchObject({ underWay: 0, notWhole: 1, sent: 0 });
  await mirrored.tested.request({ method: 'POST', body: 'whole' });
  await done(mirrored);
  expect(mirrored.tested.status()).toMatchObject({ sent: 1 });
});

test('beyond so many at a time requests go without a copy', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const mirrored = await start({ concurrency: 2 }, async () => {
    await promise;
    return {};
  });
  for (const request of clients(5)) expect((await mirrored.tested.request(request)).status).toBe(200);
  expect(mirrored.tested.status()).toMatchObject({ underWay: 2, sent: 2, dropped: 3 });
  resolve(undefined);
  await done(mirrored);
});

test('answers are counted by their class; failures, and those cut off, by themselves', async () => {
  const mirrored = await start({}, ({ target }) => {
    if (target === '/none') throw new Error('no answer');
    const body = (function* pieces() {
      yield 'half';
      if (target === '/half') throw new Error('cut off');
    })();
    return { status: Number(target.slice(1)) || 200, body };
  });
  for (const url of ['/200', '/204', '/404', '/503', '/none', '/half'])
    expect((await mirrored.tested.request({ url })).status).toBe(200);
  await done(mirrored);
  expect(mirrored.tested.status()).toEqual({
    underWay: 0,
    sent: 6,
    dropped: 0,
    failed: 1,
    cutOff: 1,
    tooLarge: 0,
    notWhole: 0,
    '2xx': 3,
    '3xx': 0,
    '4xx': 1,
    '5xx': 1,
  });
});

test('a copy ends when its time is over, and when the plugin is closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const untilAborted: Answer = ({ signal }) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
  const mirrored = await start({ timeout: '3s' }, untilAborted);
  const { tested, copies } = mirrored;
  await tested.request();
  while (copies.length === 0) await new Promise((resolve) => setImmediate(resolve));
  vi.advanceTimersByTime(2999);
  expect(copies[0]?.signal?.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(copies[0]?.signal?.aborted).toBe(true);
  await tested.request();
  while (copies.length === 1) await new Promise((resolve) => setImmediate(resolve));
  await tested.close();
  expect(copies[1]?.signal?.aborted).toBe(true);
});

test.each([
  [{}, 'options.upstream: missing'],
  [{ upstream: 'nxt' }, 'options.upstream: there is no upstream "nxt"'],
  [{ upstream: 'next', percent: 101 }, 'options.percent: expected a percentage from 0 to 100, found 101'],
  [{ upstream: 'next', headers: { set: { Host: 'x' } } }, 'options.headers.set.Host'],
  [{ upstream: 'next', key: '{rest}' }, '{rest} needs a `path`'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(mirror, options, { upstreams: ['next'] })).rejects.toThrow(message);
});
