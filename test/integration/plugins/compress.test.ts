import { createGunzip, gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import compress from '../../../plugins/builtin/compress/compress.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, type BackendScript } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

const TEXT = 'Lorem ipsum dolor sit amet. '.repeat(4000);

async function start(script: BackendScript, options: unknown = {}) {
  const backend = await startRawBackend(script);
  const instance = instanceOf(await hooksOf(compress, options));
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(instance) });
  return { proxy, backend, instance };
}

function bytes(body: string): Buffer {
  return Buffer.from(body, 'latin1');
}

test('a packed answer is chunked, and the connection goes on', async () => {
  const { proxy } = await start((request) => request.reply(ok(TEXT, 'Content-Type: text/plain')));
  const client = await connectRaw(proxy.port);
  const packed = await client.request(get('/', 'Accept-Encoding: gzip'));
  expect(packed.header('content-encoding')).toBe('gzip');
  expect(packed.header('content-length')).toBeNull();
  expect(gunzipSync(bytes(packed.body)).toString()).toBe(TEXT);
  expect((await client.request(get('/'))).body).toBe(TEXT);
  const zstd = await client.request(get('/', 'Accept-Encoding: gzip, zstd'));
  expect(zstdDecompressSync(bytes(zstd.body)).toString()).toBe(TEXT);
});

test('HEAD has the fields of GET, without a length', async () => {
  const { proxy } = await start((request) =>
    request.reply(
      request.method === 'HEAD'
        ? 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: text/plain\r\n\r\n'
        : ok('x'.repeat(5000), 'Content-Type: text/plain'),
    ),
  );
  const client = await connectRaw(proxy.port);
  const asked = get('/', 'Accept-Encoding: gzip');
  const head = await client.request(asked.replace('GET', 'HEAD'));
  const whole = await client.request(asked);
  for (const answer of [head, whole])
    expect(['content-encoding', 'vary', 'content-length'].map((name) => answer.header(name))).toEqual([
      'gzip',
      'Accept-Encoding',
      null,
    ]);
});

test('an event arrives while the stream goes on', async () => {
  const { proxy } = await start((request) =>
    request.reply(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n',
    ),
  );
  const client = await connectRaw(proxy.port);
  client.send(get('/', 'Accept-Encoding: gzip'));
  const head = await client.answerHead();
  expect(head.header('content-encoding')).toBe('gzip');
  const unpacked = createGunzip();
  let text = '';
  unpacked.on('data', (piece: Buffer) => (text += piece.toString()));
  await poll(() => {
    for (let chunk = /^([0-9a-f]+)\r\n/.exec(client.buffered); chunk !== null;) {
      const at = chunk[0].length;
      const size = Number.parseInt(chunk[1] ?? '', 16);
      if (client.buffered.length < at + size + 2) break;
      unpacked.write(bytes(client.buffered.slice(at, at + size)));
      client.buffered = client.buffered.slice(at + size + 2);
      chunk = /^([0-9a-f]+)\r\n/.exec(client.buffered);
    }
    return text === 'data: 1\n\n';
  });
  unpacked.destroy();
});

test('an answer that breaks off does not look whole', async () => {
  const { proxy } = await start((request) => {
    request.reply(
      `HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nContent-Type: text/plain\r\n\r\n${'x'.repeat(5000)}`,
    );
    request.connection.socket.destroySoon();
  });
  const client = await connectRaw(proxy.port);
  client.send(get('/', 'Accept-Encoding: gzip'));
  await client.end();
  expect(client.buffered).not.toContain('\r\n0\r\n\r\n');
});

test('the backend gets an unpacked body', async () => {
  const { proxy } = await start(
    async (request) => request.reply(ok(`${request.header('content-encoding')} ${await request.body()}`)),
    { decompressRequests: true },
  );
  const client = await connectRaw(proxy.port);
  const packed = gzipSync(TEXT).toString('latin1');
  expect((await client.request(post('/', packed, 'Content-Encoding: gzip'))).body).toBe(`null ${TEXT}`);
});

test('a decompression bomb is a 413 and no fault of the plugin', async () => {
  const { proxy, instance } = await start(async (request) => request.reply(ok(await request.body())), {
    decompressRequests: true,
  });
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024)).toString('latin1');
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', bomb, 'Content-Encoding: gzip'))).status).toBe(413);
  const broken = await connectRaw(proxy.port);
  expect((await broken.request(post('/', 'no gzip', 'Content-Encoding: gzip'))).status).toBe(400);
  expect(instance.faults).toEqual([]);
});
