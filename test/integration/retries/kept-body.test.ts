import { expect, onTestFinished, test } from 'vitest';
import { keptBodyBytes } from '../../../core/forward/request-body.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, post } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { entry, startProxy } from '../http1/setup.ts';

const put = (body: string): string => post('/', body).replace('POST', 'PUT');
const CHUNKED = 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A proxy whose first backend takes the whole body, then resets. */
async function start(
  retries: object = {},
): Promise<{ proxy: DataPath; broken: RawBackend; good: RawBackend }> {
  onTestFinished(() => expect(keptBodyBytes()).toBe(0));
  const broken = await startRawBackend(async (request) => {
    await request.body();
    request.connection.socket.resetAndDestroy();
  });
  const good = await startRawBackend(async (request) =>
    request.reply(ok(`${await request.body()}|${await request.trailers()}`)),
  );
  const backends = [
    { address: `127.0.0.1:${broken.port}` },
    { address: `127.0.0.1:${good.port}`, backup: true },
  ];
  const proxy = await startProxy({ upstreams: { site: { minAvailable: 2, backends, retries } } });
  return { proxy, broken, good };
}

test.each([1, 1000, 65_536])('a body of %i bytes is sent again, whole', async (bytes) => {
  const { proxy, broken, good } = await start();
  const body = Array.from({ length: bytes }, (_, i) => String(i % 10)).join('');
  const answer = await (await connectRaw(proxy.port)).request(put(body));
  expect(answer.body === `${body}|`).toBe(true);
  expect([broken.requests.length, good.requests.length]).toEqual([1, 1]);
  expect(await entry(proxy)).toMatchObject({ attempts: 2, requestBytes: bytes });
});

test('a chunked body too, with its trailers', async () => {
  const { proxy } = await start();
  const request = `${CHUNKED}5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 2\r\n\r\n`;
  expect((await (await connectRaw(proxy.port)).request(request)).body).toBe('hello world|X-Sum: 2');
});

test('a connection that breaks in the middle of the body: what is there goes again, the rest follows', async () => {
  const broken = await startRawBackend((request) => {
    const { connection } = request;
    void connection
      .until(() => (connection.transcript.includes('first') ? true : null), 'half a body')
      .then(() => connection.socket.resetAndDestroy());
  });
  const good = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const backends = [
    { address: `127.0.0.1:${broken.port}` },
    { address: `127.0.0.1:${good.port}`, backup: true },
  ];
  const proxy = await startProxy({ upstreams: { site: { minAvailable: 2, backends } } });
  const client = await connectRaw(proxy.port);
  client.send(`${CHUNKED}5\r\nfirst\r\n`);
  await good.request(0);
  client.send('7\r\n second\r\n0\r\n\r\n');
  expect((await client.answer()).body).toBe('first second');
});

test.each([
  ['a length beyond `body`', put('x'.repeat(101))],
  ['chunks beyond `body`', `${CHUNKED}40\r\n${'x'.repeat(64)}\r\n40\r\n${'x'.repeat(64)}\r\n0\r\n\r\n`],
  ['POST, which may have had its effect', post('/', 'x')],
])('%s: no second attempt', async (_, request) => {
  const { proxy, good } = await start({ body: '100B' });
  expect((await (await connectRaw(proxy.port)).request(request)).status).toBe(502);
  expect(good.requests).toHaveLength(0);
  expect((await entry(proxy)).error).toBe('backend-reset');
});

test('nothing is kept any more once the answer has begun', async () => {
  const backend = await startRawBackend(async (request) => {
    await request.body();
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(put('x'.repeat(30_000)));
  await poll(() => keptBodyBytes() >= 30_000 || client.buffered.includes('half'));
  await client.until(() => (client.buffered.includes('half') ? true : null), 'half of it');
  expect(keptBodyBytes()).toBe(0);
  backend.connections[0]?.send('half');
  expect((await entry(proxy)).error).toBe(null);
});

test('a client that goes away leaves nothing behind', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(put('x'.repeat(30_000)));
  await poll(() => keptBodyBytes() >= 30_000);
  client.socket.destroy();
  expect((await entry(proxy)).error).toBe('client-abort');
  expect(keptBodyBytes()).toBe(0);
});
