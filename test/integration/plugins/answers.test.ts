import { expect, test } from 'vitest';
import type { PluginAnswer } from '../../../plugins/contract/message.ts';
import { data, frameClient, GET, headers } from '../../support/http2-frames.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { entry, startProxy } from '../http1/setup.ts';

function answering(answer: () => PluginAnswer): Promise<DataPath> {
  return startProxy({ plugins: chainOf({ request: answer }), listener: { http2: true } });
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    yield new TextEncoder().encode(text);
  }
}

test('text and bytes have a length, several fields of a name stay several, and framing fields are left out', async () => {
  const proxy = await answering(() => ({
    status: 200,
    headers: {
      'Set-Cookie': ['a=1', 'b=2'],
      'Content-Length': '99',
      'Transfer-Encoding': 'chunked',
      Server: 'own',
    },
    body: 'grüße',
  }));
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 2; i++) {
    const answer = await client.request(get('/'));
    expect(Buffer.from(answer.body, 'latin1').toString()).toBe('grüße');
    expect(answer.headers.filter(([name]) => name !== 'Date')).toEqual([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Server', 'own'],
      ['Content-Length', '7'],
    ]);
  }
});

test('a stream is chunked, or has the length that is said; HTTP/2 sends it as DATA', async () => {
  let length: number | undefined;
  const proxy = await answering(() => ({
    status: 200,
    body: pieces('one', 'two'),
    ...(length === undefined ? {} : { length }),
  }));
  const client = await connectRaw(proxy.port);
  const chunked = await client.request(get('/'));
  expect([chunked.body, chunked.header('transfer-encoding')]).toEqual(['onetwo', 'chunked']);
  length = 6;
  const measured = await client.request(get('/'));
  expect([measured.body, measured.header('content-length')]).toEqual(['onetwo', '6']);
  const session = await frameClient(proxy.port);
  session.send(headers(1, GET));
  expect((await session.answer(1)).body).toBe('onetwo');
});

test.each([4, 8])('a stream of six bytes that says %i is cut off', async (length) => {
  const proxy = await answering(() => ({ status: 200, body: pieces('one', 'two'), length }));
  const client = await connectRaw(proxy.port);
  await expect(client.request(get('/'))).rejects.toThrow('reset');
  expect((await entry(proxy)).error).toBe('plugin-fault');
});

test('a stream that throws is cut off visibly, and its plugin is to blame', async () => {
  const broken = instanceOf({
    request: () => ({
      status: 200,
      body: (async function* body() {
        yield* pieces('half');
        throw new Error('broken');
      })(),
    }),
  });
  const proxy = await startProxy({ plugins: chainOf(broken), listener: { http2: true } });
  await expect((await connectRaw(proxy.port)).request(get('/'))).rejects.toThrow('reset');
  const session = await frameClient(proxy.port);
  session.send(headers(1, GET));
  expect(await session.reset(1)).toBe(2);
  expect(broken.faults).toHaveLength(2);
});

test('HEAD and 304 have no body, and a stream for them is given back unread', async () => {
  let given = 0;
  const body = (): AsyncIterable<Uint8Array> => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error('read')),
      return: () => {
        given += 1;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  });
  let status = 200;
  const proxy = await answering(() => ({ status, body: body(), length: 12 }));
  const client = await connectRaw(proxy.port);
  const head = await client.request(get('/').replace('GET', 'HEAD'));
  expect([head.status, head.header('content-length')]).toEqual([200, '12']);
  status = 304;
  expect((await client.request(get('/'))).status).toBe(304);
  expect(given).toBe(2);
});

test('a client that leaves has the stream given back, and one that reads slowly slows it down', async () => {
  let sent = 0;
  let returned = false;
  const proxy = await answering(() => ({
    status: 200,
    body: (async function* body() {
      try {
        for (;;) {
          sent += 64 * 1024;
          yield new Uint8Array(64 * 1024);
        }
      } finally {
        returned = true;
      }
    })(),
  }));
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send(get('/'));
  let before = -1;
  await poll(async () => {
    const isStill = sent > 0 && sent === before;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isStill;
  });
  expect(sent).toBeLessThan(32 * 1024 * 1024);
  client.socket.destroy();
  await poll(() => returned);
  expect((await entry(proxy)).error).toBe('client-abort');
});

test('an answer before the body of the request has come leaves the connection in order', async () => {
  const proxy = await answering(() => ({ status: 200, body: 'early' }));
  const client = await connectRaw(proxy.port);
  client.send(post('/', 'x'.repeat(1000)));
  client.send(get('/'));
  expect([(await client.answer()).body, (await client.answer()).body]).toEqual(['early', 'early']);
  const session = await frameClient(proxy.port);
  session.send(headers(1, [[':method', 'POST'], ...GET.slice(1)], false), data(1, 'body'));
  expect((await session.answer(1)).body).toBe('early');
});

test('what is no answer is a fault of the plugin', async () => {
  for (const answer of [
    { status: 101 },
    { status: 200, headers: { 'bad name': '1' } },
    { status: 200, headers: { name: 'a\r\nb' } },
    { status: 200, length: -1 },
  ]) {
    const proxy = await answering(() => answer);
    expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(500);
  }
});

test('abort ends the connection, or the stream, without an answer', async () => {
  const proxy = await startProxy({
    listener: { http2: true },
    plugins: chainOf({ request: (exchange) => exchange.abort() }),
  });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  expect(await client.end()).toBe('reset');
  expect(client.buffered).toBe('');
  const session = await frameClient(proxy.port);
  session.send(headers(1, GET));
  await session.reset(1);
  expect(await entry(proxy, 2)).toMatchObject({ status: null, error: 'plugin-abort' });
});
