import { expect, onTestFinished, test, vi } from 'vitest';
import type { PluginSubrequest, PluginSubresponse } from '../../../plugins/contract/context.ts';
import { subrequestSender, type SubrequestSender } from '../../../core/exchange/plugins/subrequest.ts';
import type { DataPath } from '../../support/data-path.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, type BackendScript, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { recordingLog, type LoggedLine } from '../../support/recording-log.ts';
import { inFlight, startProxy } from '../http1/setup.ts';

interface Sender {
  readonly backend: RawBackend;
  readonly proxy: DataPath;
  readonly send: SubrequestSender;
}

async function start(script?: BackendScript, settings: object = {}): Promise<Sender> {
  const backend = await startRawBackend(script);
  const proxy = await startProxy({
    upstreams: { site: { backends: [{ address: `127.0.0.1:${backend.port}` }], ...settings } },
  });
  const { pools, tunnels, log } = proxy.service;
  const send = subrequestSender({ upstreams: () => proxy.upstreams, pools, tunnels, log });
  return { backend, proxy, send };
}

const request: PluginSubrequest = { upstream: 'site', target: '/auth?x=1' };

async function textOf({ body }: PluginSubresponse): Promise<string> {
  let text = '';
  for await (const piece of body) text += Buffer.from(piece).toString('latin1');
  return text;
}

async function* pieces(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    yield new Uint8Array(bytes).fill(120);
  }
}

test('a plugin asks an upstream, and gets status, fields and body', async () => {
  const { send, backend, proxy } = await start((each) => each.reply(ok('yes', 'X-User: me')));
  const answer = await send({
    ...request,
    host: 'auth.test',
    headers: { Cookie: 'a=1', 'X-List': ['1', '2'], Connection: 'close', 'Content-Length': '7' },
  });
  expect([answer.status, answer.headers.get('x-user'), await textOf(answer)]).toEqual([200, 'me', 'yes']);
  expect((await backend.request(0)).head).toBe(
    'GET /auth?x=1 HTTP/1.1\r\nCookie: a=1\r\nX-List: 1\r\nX-List: 2\r\nHost: auth.test',
  );
  expect(proxy.entries).toHaveLength(0);
});

test('what a plugin says of the client goes to the backend, and nothing is added to it', async () => {
  const { send, backend } = await start((each) => each.reply(ok('')));
  await send({
    ...request,
    headers: {
      'X-Forwarded-For': '192.0.2.7',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'for=192.0.2.7',
      'X-Request-Id': 'abc',
    },
  });
  expect((await backend.request(0)).head.split('\r\n').slice(1, -1)).toEqual([
    'X-Forwarded-For: 192.0.2.7',
    'X-Forwarded-Proto: https',
    'Forwarded: for=192.0.2.7',
    'X-Request-Id: abc',
  ]);
});

test('a scheduler that goes by the client takes the one that the plugin names', async () => {
  const answering = (name: string) => startRawBackend((each) => each.reply(ok(name)));
  const backends = await Promise.all(['a', 'b', 'c'].map(answering));
  const { send } = await start(undefined, {
    scheduler: { type: 'consistent-hash', key: 'source' },
    backends: backends.map(({ port }) => ({ address: `127.0.0.1:${port}` })),
  });
  const from = async (client: string) =>
    textOf(await send({ ...request, headers: { 'X-Forwarded-For': client } }));
  const first = await from('192.0.2.0');
  const others = new Set<string>();
  for (let i = 1; i < 20; i++) {
    expect(await from('192.0.2.0')).toBe(first);
    others.add(await from(`192.0.2.${i}`));
  }
  // Where they come to stand on the ring, the ports decide, which are others each time.
  expect(others.size).toBeGreaterThan(1);
});

test('bodies of text, bytes and streams are sent', async () => {
  const { send } = await start(async (each) => each.reply(ok(String((await each.body()).length))));
  for (const body of ['text', new Uint8Array(4), pieces(4, 1)])
    expect(await textOf(await send({ ...request, method: 'POST', body }))).toBe('4');
  expect(await textOf(await send({ ...request, method: 'PUT', body: pieces(50, 20_000) }))).toBe('1000000');
});

test('what is no answer is an error: nobody there, cut off, or a stream of the plugin that throws', async () => {
  const { send, backend } = await start((each) => {
    each.reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    each.connection.socket.resetAndDestroy();
  });
  await expect(send({ ...request, upstream: 'nowhere' })).rejects.toThrow('no upstream');
  await expect(send(request).then(textOf)).rejects.toThrow(/response-truncated|backend-reset/);
  expect(backend.requests.length).toBeGreaterThan(0);
  const dead = await start(undefined, { backends: [{ address: '127.0.0.1:1' }] });
  await expect(dead.send(request)).rejects.toThrow('connect-failed');
  const own = await start();
  const broken = (async function* body() {
    yield* pieces(1, 1);
    throw new Error('own fault');
  })();
  await expect(own.send({ ...request, method: 'POST', body: broken })).rejects.toMatchObject({
    cause: { message: 'own fault' },
  });
});

test('failures are logged ten times a second at most, with how many were not', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { proxy } = await start(undefined, { backends: [{ address: '127.0.0.1:1' }] });
  const { pools, tunnels } = proxy.service;
  const { log, lines } = recordingLog();
  const send = subrequestSender({ upstreams: () => proxy.upstreams, pools, tunnels, log });
  const failures = (): LoggedLine[] => lines.filter(({ fields }) => fields['listener'] === 'plugins');
  for (let i = 0; i < 30; i++) await expect(send(request)).rejects.toThrow('no answer');
  expect(failures()).toHaveLength(10);
  vi.advanceTimersByTime(1000);
  await expect(send(request)).rejects.toThrow('no answer');
  expect(failures().at(-1)?.fields).toMatchObject({ notLogged: 20 });
});

test('an answer that is not read makes the backend wait, and giving it up ends the connection', async () => {
  const { send, backend, proxy } = await start(async ({ connection }) => {
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    await connection.pour(Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`), 1000);
  });
  const answer = await send(request);
  const iterator = answer.body[Symbol.asyncIterator]();
  expect((await iterator.next()).value?.length).toBeGreaterThan(0);
  const socket = backend.connections[0]?.socket;
  await poll(() => socket?.writableNeedDrain === true);
  await iterator.return?.();
  await backend.connections[0]?.end();
  expect(inFlight(proxy)).toBe(0);
});

test('a signal ends it in every phase', async () => {
  const { send, proxy } = await start(() => {});
  const controller = new AbortController();
  const sent = send({ ...request, signal: controller.signal });
  await poll(() => inFlight(proxy) === 1);
  controller.abort();
  await expect(sent).rejects.toThrow('abort');
  expect(inFlight(proxy)).toBe(0);
  await expect(send({ ...request, signal: controller.signal })).rejects.toThrow('abort');
});

test('it is tried again as any other request, and meets no plugins', async () => {
  let calls = 0;
  const one = await startRawBackend(({ connection }) => void connection.socket.resetAndDestroy());
  const two = await startRawBackend((each) => each.reply(ok('two')));
  const proxy = await startProxy({
    upstreams: {
      site: {
        scheduler: 'round-robin',
        retries: { attempts: 2 },
        backends: [{ address: `127.0.0.1:${one.port}` }, { address: `127.0.0.1:${two.port}` }],
      },
    },
    upstreamPlugins: new Map([['site', chainOf({ request: () => void calls++ })]]),
    plugins: chainOf({
      async request() {
        const answer = await send(request);
        return { status: answer.status, body: answer.body };
      },
    }),
  });
  const { pools, tunnels, log } = proxy.service;
  const send = subrequestSender({ upstreams: () => proxy.upstreams, pools, tunnels, log });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('two');
  expect(calls).toBe(0);
});
