import { expect, test } from 'vitest';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';

test('HTTP/1.1: a connection that has carried `maxRequests` takes no more', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('fine')));
  const proxy = await startProxy({ upstreams: site([backend.port], { connections: { maxRequests: 3 } }) });
  const client = await connectRaw(proxy.port);
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  const idle: number[] = [];
  for (let i = 0; i < 9; i++) {
    expect((await client.request(get('/'))).status).toBe(200);
    idle.push(proxy.pools.count(runtime).idle);
  }
  expect(idle).toEqual([1, 1, 0, 1, 1, 0, 1, 1, 0]);
  const perConnection = backend.connections.map(
    (each) => backend.requests.filter(({ connection }) => connection === each).length,
  );
  expect(perConnection).toEqual([3, 3, 3]);
});

test('HTTP/2: the same, and what is under way on it ends in good order', async () => {
  const streams: number[] = [];
  const backend = await startHttp2Backend((stream) => {
    const { session } = stream;
    const index = backend.sessions.findIndex((each) => each === session);
    streams[index] = (streams[index] ?? 0) + 1;
    stream.respond({ ':status': 200 });
    setImmediate(() => stream.end('fine'));
  });
  const settings = { protocol: 'h2c', connections: { maxRequests: 4 } };
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  const clients = await Promise.all(Array.from({ length: 6 }, () => connectRaw(proxy.port)));
  for (let i = 0; i < 2; i++) {
    const answers = await Promise.all(clients.map((client) => client.request(get('/'))));
    expect(answers.map(({ body }) => body)).toEqual(Array(6).fill('fine'));
  }
  expect(Math.max(...streams)).toBe(4);
  await poll(() => backend.sessions.filter(({ destroyed }) => destroyed).length === 3);
  expect(streams.reduce((sum, count) => sum + count, 0)).toBe(12);
});

test.each(['http1', 'h2c'])('%s: an idle connection older than `maxAge` is closed', async (protocol) => {
  const http1 = await startRawBackend((request) => request.reply(ok('fine')));
  const http2 = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('fine');
  });
  const port = protocol === 'h2c' ? http2.port : http1.port;
  const proxy = await startProxy({ upstreams: site([port], { protocol, connections: { maxAge: '200ms' } }) });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  expect(proxy.pools.count(runtime).idle).toBe(1);
  await poll(() => proxy.pools.count(runtime).idle === 0);
  expect((await client.request(get('/'))).status).toBe(200);
});

test.each([
  ['http1', { maxAge: '20ms' }],
  ['http1', { maxRequests: 5 }],
  ['h2c', { maxAge: '20ms' }],
  ['h2c', { maxRequests: 5 }],
])('%s with %j: connections come and go under load, and no request fails', async (protocol, connections) => {
  const http1 = await startRawBackend((request) => request.reply(ok('fine')));
  const http2 = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('fine');
  });
  const port = protocol === 'h2c' ? http2.port : http1.port;
  const proxy = await startProxy({
    upstreams: site([port], { protocol, connections, retries: { attempts: 1 } }),
  });
  const load = startLoad(`http://127.0.0.1:${proxy.port}/`, 8, { method: 'POST' });
  const opened = (): number => (protocol === 'h2c' ? http2.sessions : http1.connections).length;
  await poll(() => load.answered() > 500 && opened() > 20);
  expect((await load.stop()).failures).toEqual([]);
});
