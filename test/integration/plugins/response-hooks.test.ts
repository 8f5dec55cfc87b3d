import { constants } from 'node:http2';
import { expect, test } from 'vitest';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));

test('response hooks run in the opposite order and change status and fields', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('hello', 'X-Own: 1')));
  const seen: string[] = [];
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf(
      {
        response(exchange) {
          seen.push(`one ${exchange.response.status} ${exchange.response.from}`);
          exchange.response.headers.append('Set-Cookie', 'b=2');
        },
      },
      {
        async response(exchange) {
          await soon();
          seen.push(`two ${exchange.response.status}`);
          exchange.response.status = 418;
          exchange.response.headers.delete('x-own');
          exchange.response.headers.append('Set-Cookie', 'a=1');
        },
      },
    ),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/'));
  expect([answer.status, answer.body, answer.header('x-own')]).toEqual([418, 'hello', null]);
  expect(answer.headers.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value)).toEqual([
    'a=1',
    'b=2',
  ]);
  expect(seen).toEqual(['two 200', 'one 418 backend']);
  expect((await entry(proxy)).status).toBe(418);
});

test('an answer without a body that is whole before the hook is done goes out, and its connection serves the next one', async () => {
  const backend = await startRawBackend((request) => request.reply('HTTP/1.1 204 No Content\r\n\r\n'));
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf({ response: soon }) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(204);
  expect((await client.request(get('/'))).status).toBe(204);
  expect(backend.connections).toHaveLength(1);
});

test("an answer in the place of the backend's: that one is left", async () => {
  const backend = await startRawBackend((request) => request.reply(ok('x'.repeat(200_000))));
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf(
      { response: (exchange) => exchange.response.headers.set('x-last', exchange.response.from) },
      { response: async () => ({ status: 502, body: 'other' }) },
    ),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/'));
  expect([answer.status, answer.body, answer.header('x-last')]).toEqual([502, 'other', 'plugin']);
});

test('a backend that fails while a hook thinks: the error page goes on from there', async () => {
  const backend = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 200, 'content-length': 10 });
    stream.write('hal');
    setTimeout(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR), 5);
  });
  const seen: number[] = [];
  const proxy = await startProxy({
    upstreams: { site: { protocol: 'h2c', backends: [{ address: `127.0.0.1:${backend.port}` }] } },
    plugins: chainOf(
      { response: (exchange) => void seen.push(exchange.response.status) },
      { response: () => new Promise(() => {}) },
    ),
  });
  const client = await connectRaw(proxy.port);
  const { status } = await client.request(get('/'));
  expect([status, seen]).toEqual([502, [502]]);
  expect((await entry(proxy)).error).toBe('response-malformed');
});

test('error answers pass the response hooks, too', async () => {
  const proxy = await startProxy({
    upstreams: { site: { backends: [{ address: '127.0.0.1:1' }], healthCheck: false } },
    plugins: chainOf({
      response: (exchange) => exchange.response.headers.set('x-from', exchange.response.from),
    }),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/'));
  expect([answer.status, answer.header('x-from')]).toEqual([502, 'proxy']);
});

test('a response hook that throws costs the answer, which the remaining ones still see', async () => {
  const backend = await startRawBackend();
  const broken = instanceOf({
    response() {
      throw new Error('broken');
    },
  });
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({ response: (exchange) => exchange.response.headers.set('x-seen', '1') }, broken),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/'));
  expect([answer.status, answer.header('x-seen')]).toEqual([500, '1']);
  expect((await entry(proxy)).error).toBe('plugin-fault');
  expect(broken.faults).toHaveLength(1);
});
