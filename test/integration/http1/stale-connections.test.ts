import { expect, test } from 'vitest';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post, type RawClient } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';
import { entry, site, startProxy } from './setup.ts';

/** A backend that closes a connection as soon as the second request comes over it: an idle connection it was about to close anyway. */
async function withStaleConnection(): Promise<{ backend: RawBackend; proxy: DataPath; client: RawClient }> {
  const backend = await startRawBackend((request) => {
    const { connection } = request;
    if (
      connection.index === 0 &&
      backend.requests.filter((each) => each.connection === connection).length > 1
    )
      connection.socket.resetAndDestroy();
    else request.reply(ok(request.method));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { retries: { attempts: 1 } }) });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  return { backend, proxy, client };
}

test('GET goes once more over a fresh connection, which counts neither as an attempt nor as an error', async () => {
  const { backend, proxy, client } = await withStaleConnection();
  expect((await client.request(get('/'))).body).toBe('GET');
  expect(backend.connections).toHaveLength(2);
  expect((await entry(proxy, 2)).attempts).toBe(1);
  expect(proxy.upstreams.get('site')?.backends[0]?.runtime.errors).toBe(0);
});

test('POST whose body has begun does not', async () => {
  const { backend, proxy, client } = await withStaleConnection();
  expect((await client.request(post('/', 'x'))).status).toBe(502);
  expect(backend.connections).toHaveLength(1);
  expect((await entry(proxy, 2)).error).toBe('backend-reset');
});

test('a connection that the backend has closed while it was idle is never handed out: POST succeeds', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('fine')));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 5; i++) {
    expect((await client.request(post('/', 'x'))).status).toBe(200);
    const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
    backend.connections.at(-1)?.socket.end();
    await poll(() => runtime !== undefined && proxy.pools.count(runtime).idle === 0);
  }
  expect(backend.connections).toHaveLength(5);
});

test.each([
  ['before', 0],
  ['behind', 1],
])(
  'a connection that the backend closes, of which the proxy reads just %s a POST: it succeeds',
  async (_, at) => {
    const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
    const proxy = await startProxy({ upstreams: site([backend.port], { retries: { attempts: 1 } }) });
    const client = await connectRaw(proxy.port);
    for (let i = 0; i < 20; i++) {
      const idle = backend.connections.at(-1)?.socket;
      const steps = [() => client.send(post('/', `body ${i}`)), () => void idle?.destroy()];
      // Both are there when the proxy comes to read: nothing of this test waits in between.
      steps.splice(at, 0, ...steps.splice(1, 1));
      for (const step of steps) step();
      expect((await client.answer()).body).toBe(`body ${i}`);
    }
    expect(proxy.entries.map(({ attempts }) => attempts)).toEqual(Array(20).fill(1));
    const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
    expect([runtime?.requests, runtime?.errors]).toEqual([20, 0]);
  },
);

test('what a backend sends as it closes an idle connection is no answer to the request that is just about to be written', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('fine')));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  client.send(post('/', 'x'));
  backend.connections[0]?.socket.end('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
  expect((await client.answer()).status).toBe(200);
  expect(backend.connections).toHaveLength(2);
});
