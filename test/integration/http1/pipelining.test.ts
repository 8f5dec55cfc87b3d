import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

test('pipelined requests are answered in order', async () => {
  const backend = await startRawBackend((request) => request.reply(ok(request.target)));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const targets = Array.from({ length: 50 }, (_, i) => `/${i}`);
  client.send(targets.map((target) => get(target)).join(''));
  for (const target of targets) expect((await client.answer()).body).toBe(target);
  expect(client.buffered).toBe('');
});

test('a slow first request holds the later ones back, and they do not reach a backend before it is answered', async () => {
  const backend = await startRawBackend((request) => {
    if (request.target !== '/slow') request.reply(ok(request.target));
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/slow') + get('/next'));
  const slow = await backend.request(0);
  // Another connection's whole exchange gives the second request every chance to overtake.
  expect((await (await connectRaw(proxy.port)).request(get('/other'))).body).toBe('/other');
  expect(backend.requests.map(({ target }) => target)).toEqual(['/slow', '/other']);
  slow.reply(ok('slow'));
  expect((await client.answer()).body).toBe('slow');
  expect((await client.answer()).body).toBe('/next');
});

test('answers of the proxy itself keep their place among those of backends', async () => {
  const backend = await startRawBackend((request) => request.reply(ok(request.target)));
  const proxy = await startProxy({
    listener: { upstream: undefined, routes: [{ path: '/site/*', upstream: 'site' }] },
    backendPort: backend.port,
  });
  const client = await connectRaw(proxy.port);
  client.send(get('/none') + get('/none') + get('/site/1') + get('/none') + get('/site/2'));
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await client.answer()).status);
  expect(statuses).toEqual([404, 404, 200, 404, 200]);
});

test('ten thousand pipelined requests that the proxy answers itself neither overflow the stack nor get lost', async () => {
  const proxy = await startProxy({ listener: { upstream: undefined } });
  const client = await connectRaw(proxy.port);
  client.send(get('/none').repeat(10_000));
  for (let i = 0; i < 10_000; i++) expect((await client.answer()).status).toBe(404);
});

test('bodies of pipelined requests stay apart', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(ok(`${request.target}=${await request.body()}`)),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(
    post('/a', 'GET / HTTP/1.1\r\n\r\n') +
      'POST /b HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' +
      get('/c'),
  );
  expect((await client.answer()).body).toBe('/a=GET / HTTP/1.1\r\n\r\n');
  expect((await client.answer()).body).toBe('/b=abc');
  expect((await client.answer()).body).toBe('/c=');
});

test('a client that pipelines without reading is not read from without end', async () => {
  const body = 'x'.repeat(100_000);
  const backend = await startRawBackend((request) => request.reply(ok(body)));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.keepsData = false;
  client.send(get('/').repeat(500));
  const before = process.memoryUsage().rss;
  // What socket buffers hold is a few MB; 50 MB of answers are asked for.
  await (await connectRaw(proxy.port)).request(get('/'));
  expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
  client.socket.resume();
  await client.until(() => (client.bytesReceived > 500 * body.length ? true : null), 'all answers');
});
