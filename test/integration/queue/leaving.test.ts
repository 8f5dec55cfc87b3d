import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ask, http2Session } from '../http2/setup.ts';
import { entry, site, startProxy } from '../http1/setup.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { answer, send, startCrowd, waiting } from './setup.ts';

test('a client that goes away leaves the queue, and its request reaches nobody', async () => {
  const crowd = await startCrowd({});
  const first = await send(crowd, '/a');
  const gone = await send(crowd, '/b');
  const last = await send(crowd, '/c');
  gone.socket.destroy();
  await poll(() => waiting(crowd) === 1);
  expect((await entry(crowd.proxy)).error).toBe('client-abort');
  await answer(crowd, '/a', '/c');
  await answer(crowd, '/c');
  expect([(await first.answer()).body, (await last.answer()).body]).toEqual(['/a', '/c']);
  expect(crowd.order).toEqual(['/a', '/c']);
});

test.each([
  ['whole', 'body'],
  ['in part', 'bo'],
])(
  'a client that goes away leaves the queue, although its body has come %s and is not read yet',
  async (_, body) => {
    const crowd = await startCrowd({});
    await send(crowd, '/a');
    const gone = await connectRaw(crowd.proxy.port);
    gone.send(`POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n${body}`);
    await poll(() => waiting(crowd) === 1);
    gone.socket.destroy();
    await poll(() => waiting(crowd) === 0);
    expect((await entry(crowd.proxy)).error).toBe('client-abort');
    await answer(crowd, '/a');
    expect(crowd.order).toEqual(['/a']);
  },
);

test('a client that goes away leaves the queue, although it has sent its next request already', async () => {
  const crowd = await startCrowd({});
  await send(crowd, '/a');
  const gone = await connectRaw(crowd.proxy.port);
  gone.send(`${get('/b')}${get('/c')}`);
  await poll(() => waiting(crowd) === 1);
  gone.socket.destroy();
  await poll(() => waiting(crowd) === 0);
  await answer(crowd, '/a');
  expect(crowd.order).toEqual(['/a']);
});

test('a body that comes while its request waits is whole when it is sent, and is held back beyond some', async () => {
  const crowd = await startCrowd({});
  await send(crowd, '/a');
  const client = await connectRaw(crowd.proxy.port);
  const body = 'x'.repeat(48_000_000);
  client.send(`POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
  await poll(() => waiting(crowd) === 1);
  for (let at = 0; at < body.length; at += 16_000) client.send(body.slice(at, at + 16_000));
  // As much as the system holds has left, and no more does.
  await poll(() => client.socket.writableLength > 0 && client.socket.writableLength < body.length);
  await answer(crowd, '/a', '/b');
  expect(await crowd.servers[0]?.requests[1]?.body()).toHaveLength(body.length);
  await answer(crowd, '/b');
  expect((await client.answer()).status).toBe(200);
});

test('a stream of HTTP/2 that is cancelled leaves the queue, the others of its connection stay', async () => {
  const server = await startRawBackend(() => {});
  const proxy = await startProxy({
    listener: { http2: true },
    upstreams: site([server.port], { maxConnections: 1 }),
  });
  const session = http2Session(proxy.port);
  const first = ask(session, { ':path': '/a' });
  await server.request(0);
  const cancelled = session.request({ ':path': '/b' });
  cancelled.on('error', () => {});
  const last = ask(session, { ':path': '/c' });
  const queue = proxy.upstreams.get('site')?.queue;
  await poll(() => queue?.length === 2);
  cancelled.close(8);
  await poll(() => queue?.length === 1);
  (await server.request(0)).reply(ok('a'));
  (await server.request(1)).reply(ok('c'));
  expect([(await first).body, (await last).body]).toEqual(['a', 'c']);
  expect(server.requests.map(({ target }) => target)).toEqual(['/a', '/c']);
});

test('a request that waits finds its place after the backend broke a connection', async () => {
  const crowd = await startCrowd({ retries: { attempts: 1 } });
  const first = await send(crowd, '/a');
  const second = await send(crowd, '/b');
  crowd.servers[0]?.connections[0]?.socket.resetAndDestroy();
  expect((await first.answer()).status).toBe(502);
  await poll(() => crowd.order.includes('/b'));
  await answer(crowd, '/b');
  expect((await second.answer()).status).toBe(200);
});
