import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { expect, test } from 'vitest';
import type { BodyHook, BodyTransform } from '../../../plugins/contract/message.ts';
import { frameClient, GET, headers } from '../../support/http2-frames.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, type BackendScript } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { entry, startProxy } from '../http1/setup.ts';

const upper: BodyTransform = {
  data: (piece, push) => push(Buffer.from(Buffer.from(piece).toString('latin1').toUpperCase(), 'latin1')),
};

/** As slow as it gets: each piece is kept, waited with, and sent on in two. */
function slow(): BodyTransform & { closed: number } {
  return {
    closed: 0,
    async data(piece, push) {
      const copy = Buffer.from(piece);
      await new Promise((resolve) => setTimeout(resolve, 3));
      push(copy.subarray(0, 1));
      push(copy.subarray(1));
    },
    async end(push) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      push(Buffer.from('.'));
    },
    close() {
      this.closed += 1;
    },
  };
}

async function start(
  hook: () => BodyHook | null,
  script: BackendScript,
  listener: Readonly<Record<string, unknown>> = {},
): Promise<DataPath> {
  const backend = await startRawBackend(script);
  return startProxy({ backendPort: backend.port, plugins: chainOf({ responseBody: hook }), listener });
}

test('a transform whose length is not known makes the answer chunked', async () => {
  const proxy = await start(
    () => ({ transform: upper }),
    (request) => request.reply(ok('hello')),
  );
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/'));
  expect([answer.body, answer.header('content-length'), answer.header('transfer-encoding')]).toEqual([
    'HELLO',
    null,
    'chunked',
  ]);
  expect((await client.request(get('/'))).body).toBe('HELLO');
});

test('one that keeps the length keeps Content-Length, one that says another sends that', async () => {
  const proxy = await start(
    () => ({ transform: upper, length: 'same' }),
    (request) => request.reply(ok('hello')),
  );
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect([answer.body, answer.header('content-length')]).toEqual(['HELLO', '5']);
  const double: BodyTransform = {
    data(piece, push) {
      push(piece);
      push(piece);
    },
  };
  const other = await start(
    () => ({ transform: double, length: 10 }),
    (request) => request.reply(ok('hello')),
  );
  const doubled = await (await connectRaw(other.port)).request(get('/'));
  expect([doubled.body, doubled.header('content-length')]).toEqual(['hellohello', '10']);
});

test.each([
  ['less', 8],
  ['more', 3],
])('a transform that gives %s than it said is cut off', async (_, length) => {
  const broken = instanceOf({ responseBody: () => ({ transform: upper, length }) });
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(broken) });
  const client = await connectRaw(proxy.port);
  await expect(client.request(get('/'))).rejects.toThrow('reset');
  expect((await entry(proxy)).error).toBe('plugin-fault');
});

test('asynchronous transforms one behind the other keep the order, and are closed once', async () => {
  const made: ReturnType<typeof slow>[] = [];
  const hook = (): BodyHook => {
    const transform = slow();
    made.push(transform);
    return { transform };
  };
  const backend = await startRawBackend((request) => {
    request.reply(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n1\r\nf\r\n0\r\nX-T: 1\r\n\r\n',
    );
  });
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({ responseBody: hook }, { responseBody: hook }),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/'));
  expect([answer.body, answer.trailers]).toEqual(['abcdef..', 'X-T: 1']);
  await entry(proxy);
  expect(made.map(({ closed }) => closed)).toEqual([1, 1]);
});

test('an answer larger than memory allows passes a slow transform at the pace of the client', async () => {
  const bytes = 64 * 1024 * 1024;
  let passed = 0;
  const watch: BodyTransform = {
    async data(piece, push) {
      passed += piece.length;
      const copy = Buffer.from(piece);
      await new Promise((resolve) => setImmediate(resolve));
      push(copy);
    },
  };
  const piece = 'x'.repeat(64 * 1024);
  const proxy = await start(
    () => ({ transform: watch, length: 'same' }),
    async ({ connection }) => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
      for (let sent = 0; sent < bytes; sent += piece.length)
        if (!connection.socket.write(piece))
          await new Promise((resolve) => connection.socket.once('drain', resolve));
    },
  );
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send(get('/'));
  let before = -1;
  await poll(async () => {
    const isStill = passed > 0 && passed === before;
    before = passed;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isStill;
  });
  expect(passed).toBeLessThan(16 * 1024 * 1024);
  let received = 0;
  client.keepsData = false;
  client.socket.on('data', (chunk: Buffer) => (received += chunk.length));
  client.socket.resume();
  await poll(() => received > bytes, 60_000);
  expect((await entry(proxy)).responseBytes).toBe(bytes);
}, 90_000);

test.each([
  ['gzip', gzipSync, gunzipSync],
  ['br', brotliCompressSync, brotliDecompressSync],
  ['zstd', zstdCompressSync, zstdDecompressSync],
] as const)(
  'a transform that wants the content has %s undone and done again',
  async (coding, pack, unpack) => {
    const packed = pack(Buffer.from('some text'.repeat(1000))).toString('latin1');
    const proxy = await start(
      () => ({ transform: upper, decoded: true, length: 'same' }),
      (request) => request.reply(ok(packed, `Content-Encoding: ${coding}`)),
    );
    const client = await connectRaw(proxy.port);
    const answer = await client.request(get('/'));
    expect([answer.header('content-encoding'), answer.header('content-length')]).toEqual([coding, null]);
    expect(unpack(Buffer.from(answer.body, 'latin1')).toString()).toBe('SOME TEXT'.repeat(1000));
  },
);

test('a transform that takes Content-Encoding away gives the content as it is', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(ok(gzipSync('content').toString('latin1'), 'Content-Encoding: gzip')),
  );
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({
      responseBody(exchange) {
        exchange.response.headers.delete('content-encoding');
        return { transform: { data: (piece, push) => push(piece) }, decoded: true };
      },
    }),
  });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect([answer.header('content-encoding'), answer.body]).toEqual([null, 'content']);
});

test('a coding that nobody knows fails a transform that wants the content', async () => {
  const proxy = await start(
    () => ({ transform: upper, decoded: true }),
    (request) => request.reply(ok('???', 'Content-Encoding: exotic')),
  );
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(500);
});

test('decompression bomb: what unpacks to a multiple of a thousand is cut off', async () => {
  const bomb = gzipSync(gzipSync(Buffer.alloc(96 * 1024 * 1024)));
  const proxy = await start(
    () => ({ transform: { data: (piece, push) => push(piece) }, decoded: true }),
    (request) => request.reply(ok(bomb.toString('latin1'), 'Content-Encoding: gzip, gzip')),
  );
  const client = await connectRaw(proxy.port);
  client.keepsData = false;
  client.send(get('/'));
  const found = await entry(proxy);
  expect([found.error, found.responseBytes < 64 * 1024 * 1024]).toEqual(['response-malformed', true]);
}, 30_000);

test('bodiless answers meet no transform', async () => {
  let calls = 0;
  const count = (): null => {
    calls += 1;
    return null;
  };
  const proxy = await start(count, (request) => request.reply('HTTP/1.1 304 Not Modified\r\n\r\n'));
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(304);
  const head = await start(count, (request) => request.reply('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'));
  const answer = await (await connectRaw(head.port)).request(get('/').replace('GET', 'HEAD'));
  expect([answer.status, answer.header('content-length'), calls]).toEqual([200, '5', 0]);
});

test('an event leaves when it has come, through every transform and coding', async () => {
  let reply: (text: string) => void = () => {};
  const proxy = await start(
    () => ({ transform: upper, decoded: true }),
    ({ connection }) => {
      reply = (text) => connection.send(text);
      reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    },
  );
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.answerHead();
  for (const event of ['one', 'two']) {
    reply(`3\r\n${event}\r\n`);
    await poll(() => client.buffered.includes(event.toUpperCase()));
  }
});

test('HTTP/2: a transform changes the body, and a failure resets the stream', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('hello')));
  let fails = false;
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { http2: true },
    plugins: chainOf({
      responseBody: () => ({
        transform: {
          data(piece, push) {
            push(piece);
            if (fails) throw new Error('broken');
          },
          end: (push) => push(Buffer.from('!')),
        },
      }),
    }),
  });
  const client = await frameClient(proxy.port);
  client.send(headers(1, GET));
  const answer = await client.answer(1);
  expect([answer.body, answer.fields.get('content-length')]).toEqual(['hello!', undefined]);
  fails = true;
  client.send(headers(3, GET));
  expect(await client.reset(3)).toBe(2);
});

test('a client that leaves has the transform closed', async () => {
  let isCalled = false;
  const data = (): Promise<void> => {
    isCalled = true;
    return new Promise(() => {});
  };
  const transform = { ...slow(), data };
  const proxy = await start(
    () => ({ transform }),
    (request) => request.reply(ok('hello')),
  );
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await poll(() => isCalled);
  client.socket.destroy();
  await entry(proxy);
  expect(transform.closed).toBe(1);
});
