import { expect, onTestFinished, test } from 'vitest';
import { subrequestSender, type SubrequestSender } from '../../../core/exchange/plugins/subrequest.ts';
import mirror from '../../../plugins/builtin/mirror/mirror.ts';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import { TestContext } from '../../../plugins/testing/test-context.ts';
import type { DataPath } from '../../support/data-path.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, unusedPort, type BackendScript } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

interface Mirrored {
  readonly proxy: DataPath;
  readonly hooks: PluginHooks;
  readonly status: (name: string) => unknown;
}

interface Setting {
  readonly options?: object;
  /** Other plugins, behind the mirror. */
  readonly behind?: PluginHooks;
  /** Where copies go. */
  readonly next: number;
  readonly live: readonly number[];
}

async function start({ options = {}, behind, next, live }: Setting): Promise<Mirrored> {
  const result = await mirror.options['~standard'].validate({ upstream: 'next', ...options });
  if (result.issues !== undefined) throw new Error(JSON.stringify(result.issues));
  let send: SubrequestSender | null = null;
  const context = new TestContext({});
  context.request = (subrequest) => send?.(subrequest) ?? Promise.reject(new Error('not yet'));
  const hooks = await mirror.create(result.value, context);
  const proxy = await startProxy({
    upstreams: {
      site: { backends: live.map((port) => ({ address: `127.0.0.1:${port}` })), scheduler: 'round-robin' },
      next: { backends: [{ address: `127.0.0.1:${next}` }], retries: { attempts: 1 } },
    },
    plugins: behind === undefined ? chainOf(instanceOf(hooks)) : chainOf(instanceOf(hooks), behind),
  });
  // Before the proxy is looked at whether it is at rest.
  onTestFinished(() => hooks.close?.());
  const { pools, tunnels, log } = proxy.service;
  send = subrequestSender({ upstreams: () => proxy.upstreams, pools, tunnels, log });
  return { proxy, hooks, status: (name) => hooks.status?.()[name] };
}

const answering = (text: string): BackendScript => {
  return (request) => request.reply(ok(text));
};

test('a copy goes to the other upstream as the backend gets the request, and its answer to nobody', async () => {
  const live = await startRawBackend(answering('live'));
  const next = await startRawBackend(answering('next'));
  const { proxy, status } = await start({
    live: [live.port],
    next: next.port,
    behind: {
      request: ({ request }) => {
        request.target = '/v2/a?x=1';
        request.headers.set('X-User', 'me');
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/a?x=1', 'X-Forwarded-For: 10.9.9.9'))).body).toBe('live');
  const original = (await live.request(0)).head.split('\r\n');
  const copy = (await next.request(0)).head.split('\r\n');
  expect(copy[0]).toBe('GET /v2/a?x=1 HTTP/1.1');
  for (const name of ['Host', 'X-User', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Request-Id'])
    expect(copy.find((line) => line.startsWith(`${name}: `))).toBe(
      original.find((line) => line.startsWith(`${name}: `)),
    );
  expect(copy).toContain('X-Mirror: 1');
  expect(original).not.toContain('X-Mirror: 1');
  await poll(() => status('2xx') === 1);
  expect(proxy.entries).toHaveLength(1);
  expect(proxy.entries[0]).toMatchObject({ upstream: 'site', fields: { mirror: 'next' } });
});

test('bodies are copied whole, with a length and chunked', async () => {
  const echo: BackendScript = async (request) => request.reply(ok(await request.body()));
  const live = await startRawBackend(echo);
  const next = await startRawBackend(echo);
  const { proxy } = await start({
    live: [live.port],
    next: next.port,
    options: { methods: ['POST'], body: { largest: '1KiB' } },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'some text'))).body).toBe('some text');
  expect(await (await next.request(0)).body()).toBe('some text');
  client.send('POST /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
  await live.request(1);
  client.send('7\r\n second\r\n0\r\n\r\n');
  expect((await client.answer()).body).toBe('first second');
  expect(await (await next.request(1)).body()).toBe('first second');
  expect((await client.request(post('/three', 'x'.repeat(1025)))).body).toHaveLength(1025);
  expect(next.requests).toHaveLength(2);
});

test('live requests go on while the other upstream is away, silent, or cuts its answers off', async () => {
  const live = await startRawBackend(answering('live'));
  const silent = await startRawBackend(() => {});
  const cutting = await startRawBackend((request) => {
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    request.connection.socket.resetAndDestroy();
  });
  const cases = [
    { next: await unusedPort(), count: 'failed' },
    { next: silent.port, count: 'dropped' },
    { next: cutting.port, count: 'cutOff' },
  ];
  for (const { next, count } of cases) {
    const { proxy, status } = await start({ live: [live.port], next, options: { concurrency: 2 } });
    const client = await connectRaw(proxy.port);
    for (let i = 0; i < 10; i++) expect((await client.request(get('/'))).body).toBe('live');
    await poll(() => Number(status(count)) > 0);
    expect(proxy.entries.every(({ error, status: each }) => error === null && each === 200)).toBe(true);
  }
});

test('a copy that comes round is not copied again', async () => {
  const live = await startRawBackend(answering('live'));
  const { proxy: inner } = await start({ live: [live.port], next: await unusedPort() });
  const { proxy, status } = await start({ live: [live.port], next: inner.port });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('live');
  await poll(() => status('2xx') === 1);
  expect(inner.entries).toMatchObject([{ status: 200, fields: null }]);
  expect(live.requests).toHaveLength(2);
});

test('a request that is tried again has one copy', async () => {
  const live = await startRawBackend(answering('live'));
  const next = await startRawBackend(answering('next'));
  const { proxy, status } = await start({ live: [await unusedPort(), live.port], next: next.port });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 4; i++) expect((await client.request(get('/'))).body).toBe('live');
  expect(Math.max(...proxy.entries.map(({ attempts }) => attempts))).toBe(2);
  await poll(() => status('2xx') === 4);
  expect(status('sent')).toBe(4);
});

test('an upload that its client breaks off gives the place of its copy back', async () => {
  const live = await startRawBackend(() => {});
  const next = await startRawBackend(answering('next'));
  const { proxy, status } = await start({
    live: [live.port],
    next: next.port,
    options: { methods: ['POST'], body: {} },
  });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
  await poll(() => status('underWay') === 1);
  client.socket.resetAndDestroy();
  await poll(() => status('underWay') === 0);
  expect(status('notWhole')).toBe(1);
  expect(next.requests).toHaveLength(0);
});

test('an answer without an end is cut off when the time for a copy is over', async () => {
  const live = await startRawBackend(answering('live'));
  const next = await startRawBackend(async ({ connection }) => {
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    await connection.pour(Buffer.from(`1000\r\n${'x'.repeat(0x1000)}\r\n`), 1_000_000);
  });
  const { proxy, status } = await start({
    live: [live.port],
    next: next.port,
    options: { timeout: '200ms' },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('live');
  await poll(() => status('cutOff') === 1);
  expect([status('2xx'), status('underWay')]).toEqual([1, 0]);
});
