import { expect, test, vi } from 'vitest';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import { SettingId } from '../../../core/http2/settings.ts';
import { startFrameBackend, type FrameConnection } from '../../support/frame-backend.ts';
import { frame, headers, settings, words } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';

const realNow = performance.now.bind(performance);
let skippedMs = 0;
vi.spyOn(performance, 'now').mockImplementation(() => realNow() + skippedMs);

/** Lets six seconds go by, as far as the proxy can tell. */
function skip(): void {
  skippedMs += 6000;
}

function pings(connection: FrameConnection | undefined): number {
  return connection?.frames.filter(({ type, flags }) => type === FrameType.Ping && flags === 0).length ?? 0;
}

test.each([
  ['that is idle', true],
  ['with a request under way', false],
])('a connection %s and gone without a word is found out by the next request', async (_, isIdle) => {
  const backend = await startFrameBackend((connection, id) => {
    if (connection.index > 0 || isIdle) connection.send(headers(id, [[':status', '204']], true));
    // Nothing that comes later is read.
    if (connection.index === 0) connection.socket.pause();
  });
  const proxy = await startProxy({
    upstreams: site([backend.port], { protocol: 'h2c', timeouts: { connect: '200ms' } }),
  });
  const first = await connectRaw(proxy.port);
  first.send(get('/'));
  if (isIdle) await first.answer();
  else await poll(() => backend.connections[0]?.frames.some(({ type }) => type === FrameType.Headers));
  skip();
  const next = await connectRaw(proxy.port);
  expect((await next.request(get('/'))).status).toBe(204);
  if (!isIdle) expect((await first.answer()).status).toBe(204);
  expect(backend.connections).toHaveLength(2);
});

test('a backend that is alive but says nothing gets no more than two PING', async () => {
  const backend = await startFrameBackend((connection) => {
    connection.send(frame(FrameType.Ping, Flag.Ack, 0, words(0, 0)));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { protocol: 'h2c' }) });
  for (let i = 1; i <= 5; i++) {
    (await connectRaw(proxy.port)).send(get('/'));
    const asked = (): boolean =>
      backend.connections[0]?.frames.filter(({ type }) => type === FrameType.Headers).length === i;
    await poll(asked);
    skip();
  }
  expect(pings(backend.connections[0])).toBe(2);
});

function heads(connection: FrameConnection | undefined): number {
  return connection?.frames.filter(({ type }) => type === FrameType.Headers).length ?? 0;
}

test('a POST is not sent over a connection that is gone without a word, but over a new one', async () => {
  const backend = await startFrameBackend((connection, id) => {
    connection.send(headers(id, [[':status', '204']], true));
    if (connection.index === 0) connection.socket.pause();
  });
  const proxy = await startProxy({
    upstreams: site([backend.port], {
      protocol: 'h2c',
      timeouts: { connect: '200ms' },
      retries: { attempts: 1 },
    }),
  });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  skip();
  expect((await client.request(post('/', 'x'))).status).toBe(204);
  expect(backend.connections.map(heads)).toEqual([1, 1]);
  expect(proxy.entries.map(({ attempts, error }) => [attempts, error])).toEqual([
    [1, null],
    [1, null],
  ]);
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  expect([runtime?.requests, runtime?.errors]).toEqual([2, 0]);
});

test('a POST over a connection that was silent follows when that is up: never more at a time than it takes', async () => {
  const greeting = settings([SettingId.MaxConcurrentStreams, 1]);
  const backend = await startFrameBackend((connection, id) => {
    connection.send(headers(id, [[':status', '204']], true));
  }, greeting);
  const proxy = await startProxy({ upstreams: site([backend.port], { protocol: 'h2c' }) });
  await (await connectRaw(proxy.port)).request(get('/'));
  const [first] = backend.connections;
  await poll(() => proxy.entries.length === 1);
  skip();
  const clients = await Promise.all([connectRaw(proxy.port), connectRaw(proxy.port)]);
  for (const client of clients) client.send(post('/', 'x'));
  await poll(() => pings(first) === 1);
  expect(heads(first)).toBe(1);
  first?.send(frame(FrameType.Ping, Flag.Ack, 0, words(0, 0)));
  for (const client of clients) expect((await client.answer()).status).toBe(204);
  expect(backend.connections.map(heads)).toEqual([2, 1]);
});

test('a client that goes away before there is a sign of life leaves nothing behind', async () => {
  const backend = await startFrameBackend((connection, id) => {
    connection.send(headers(id, [[':status', '204']], true));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { protocol: 'h2c' }) });
  await (await connectRaw(proxy.port)).request(get('/'));
  skip();
  const gone = await connectRaw(proxy.port);
  gone.send(post('/', 'x'));
  await poll(() => pings(backend.connections[0]) === 1);
  gone.socket.destroy();
  await poll(() => proxy.entries.length === 2);
  backend.connections[0]?.send(frame(FrameType.Ping, Flag.Ack, 0, words(0, 0)));
  expect((await (await connectRaw(proxy.port)).request(post('/', 'x'))).status).toBe(204);
  expect(backend.connections.map(heads)).toEqual([2]);
});
