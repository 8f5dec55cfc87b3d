import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { BodyTransform } from '../../../plugins/contract/message.ts';
import { data, frameClient, headers, POST } from '../../support/http2-frames.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, post } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

/** Sends each piece on a little later, in upper case. */
const upper = (): BodyTransform => ({
  async data(piece, push) {
    const text = Buffer.from(piece).toString('latin1').toUpperCase();
    await new Promise((resolve) => setTimeout(resolve, 2));
    push(Buffer.from(text, 'latin1'));
  },
});

test('a request body passes the transforms, chunked where its length is not known', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf(
      { requestBody: () => ({ transform: upper() }) },
      { requestBody: () => ({ transform: { ...upper(), end: (push) => push(Buffer.from('!')) } }) },
    ),
  });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 2; i++) expect((await client.request(post('/', 'hello'))).body).toBe('HELLO!');
  const request = await backend.request(0);
  expect([request.header('content-length'), request.header('transfer-encoding')]).toEqual([null, 'chunked']);
  expect((await entry(proxy, 2)).requestBytes).toBe(5);
});

test('one that keeps the length keeps Content-Length, trailers stay, and HTTP/2 does it alike', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { http2: true },
    plugins: chainOf({ requestBody: () => ({ transform: upper(), length: 'same' }) }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'hello'))).body).toBe('HELLO');
  expect((await backend.request(0)).header('content-length')).toBe('5');
  client.send(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\n',
  );
  expect((await client.answer()).body).toBe('ABC');
  expect(await (await backend.request(1)).trailers()).toBe('X-T: 1');
  const session = await frameClient(proxy.port);
  session.send(headers(1, POST, false), data(1, 'one', false), data(1, 'two'));
  expect((await session.answer(1)).body).toBe('ONETWO');
});

test('a retry sends what the transform gave, which is not asked again', async () => {
  let transformed = 0;
  const dead = await startRawBackend((request) => {
    void request.body().then(() => request.connection.socket.resetAndDestroy());
  });
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({
    upstreams: {
      site: {
        scheduler: 'round-robin',
        retries: { attempts: 2 },
        backends: [{ address: `127.0.0.1:${dead.port}` }, { address: `127.0.0.1:${backend.port}` }],
      },
    },
    plugins: chainOf({
      requestBody() {
        transformed += 1;
        return { transform: upper() };
      },
    }),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(post('/', 'hello').replace('POST', 'PUT'));
  expect([answer.body, transformed, dead.requests.length]).toEqual(['HELLO', 1, 1]);
});

test('limits.body counts what was received, not what a transform makes of it', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(ok(String((await request.body()).length))),
  );
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { limits: { body: '1KiB' } },
    plugins: chainOf({
      requestBody(exchange) {
        exchange.request.headers.delete('content-encoding');
        return { transform: { data: (piece, push) => push(piece) }, decoded: true };
      },
    }),
  });
  const client = await connectRaw(proxy.port);
  const packed = gzipSync('x'.repeat(100_000)).toString('latin1');
  expect((await client.request(post('/', packed, 'Content-Encoding: gzip'))).body).toBe('100000');
  expect((await backend.request(0)).header('content-encoding')).toBeNull();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n');
  client.send(`${'x'.repeat(0x800)}\r\n0\r\n\r\n`);
  expect((await client.answer()).status).toBe(413);
});

test('coded content is coded again behind a transform that wants it plain', async () => {
  const bodies: string[] = [];
  const backend = await startRawBackend(async (request) => {
    bodies.push(await request.body());
    request.reply(ok(''));
  });
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({ requestBody: () => ({ transform: upper(), decoded: true }) }),
  });
  const client = await connectRaw(proxy.port);
  await client.request(post('/', gzipSync('text').toString('latin1'), 'Content-Encoding: gzip'));
  expect(gunzipSync(Buffer.from(bodies[0] ?? '', 'latin1')).toString()).toBe('TEXT');
});

test('a transform that fails fails the exchange, and the backend never sees the body as whole', async () => {
  const broken = instanceOf({
    requestBody: () => ({
      transform: {
        data() {
          throw new Error('broken');
        },
      },
    }),
  });
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(broken) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'hello'))).status).toBe(500);
  await backend.connections[0]?.end();
  expect(backend.received()).not.toContain('0\r\n\r\n');
  expect([broken.faults.length, (await entry(proxy)).error]).toEqual([1, 'plugin-fault']);
});

test('a transform may refuse the request in the middle of its body', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({
      requestBody: (exchange) => ({
        transform: {
          data(piece, push) {
            if (Buffer.from(piece).includes('virus')) exchange.refuse({ status: 422, body: 'no' });
            else push(piece);
          },
        },
      }),
    }),
  });
  const client = await connectRaw(proxy.port);
  client.send(post('/', 'aaaavirus').slice(0, -5));
  await poll(() => backend.received().includes('aaaa'));
  client.send('virus');
  const answer = await client.answer();
  expect([answer.status, answer.body]).toEqual([422, 'no']);
});

test('a client that sends faster than a transform thinks is made to wait', async () => {
  let received = 0;
  let go: () => void = () => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  const backend = await startRawBackend((request) => {
    request.connection.keepsData = false;
  });
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({
      requestBody: () => ({
        transform: {
          async data(piece, push) {
            received += piece.length;
            const copy = Buffer.from(piece);
            await gate;
            push(copy);
          },
        },
        length: 'same',
      }),
    }),
  });
  const client = await connectRaw(proxy.port);
  const bytes = 32 * 1024 * 1024;
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`);
  const poured = client.pour(Buffer.alloc(64 * 1024), bytes / (64 * 1024));
  await poll(() => received > 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(received).toBeLessThan(1024 * 1024);
  go();
  await poured;
  await poll(() => (backend.connections[0]?.bytesReceived ?? 0) > bytes);
  client.socket.destroy();
  await entry(proxy);
}, 30_000);

test('Expect: 100-continue is left to the backend', async () => {
  const backend = await startRawBackend(async (request) => {
    request.reply('HTTP/1.1 100 Continue\r\n\r\n');
    request.reply(ok(await request.body()));
  });
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({ request: async () => {}, requestBody: () => ({ transform: upper() }) }),
  });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  expect((await client.answerHead()).status).toBe(100);
  client.send('ok');
  expect((await client.answer()).body).toBe('OK');
});
