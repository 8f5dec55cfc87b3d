import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ErrorCode } from '../../../core/http2/errors.ts';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import { frameClient, GET, headers, POST } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';
import { ask, http2Session } from './setup.ts';

const listener = { http2: true };

test('trailers pass in both directions', async () => {
  const backend = await startRawBackend(async (request) => {
    const trailers = await request.trailers();
    request.reply(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Seen: ${trailers.trim()}\r\nGrpc-Status: 0\r\n\r\n`,
    );
  });
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const session = http2Session(proxy.port);
  const stream = session.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
  stream.end('abc');
  stream.resume();
  const [trailers] = await once(stream, 'trailers');
  expect(trailers).toMatchObject({ 'x-seen': 'x-sum: 42', 'grpc-status': '0' });
});

test('a truncated answer ends in a reset, never in END_STREAM', async () => {
  const backend = await startRawBackend((request) => {
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    request.connection.socket.end();
  });
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const client = await frameClient(proxy.port);
  client.send(headers(1, GET));
  expect(await client.reset(1)).toBe(ErrorCode.InternalError);
  const ends = client.frames.filter(
    ({ type, flags }) =>
      (type === FrameType.Data || type === FrameType.Headers) && (flags & Flag.EndStream) !== 0,
  );
  expect(ends).toEqual([]);
});

test('an answer that ends with its connection ends its stream', async () => {
  const backend = await startRawBackend((request) => {
    request.reply('HTTP/1.0 200 OK\r\n\r\nabc');
    request.connection.socket.end();
  });
  const proxy = await startProxy({ backendPort: backend.port, listener });
  expect(await ask(http2Session(proxy.port))).toMatchObject({ status: 200, body: 'abc' });
});

test('100 Continue and early hints reach the client before the answer', async () => {
  const backend = await startRawBackend(async (request) => {
    request.reply('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n');
    request.reply(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${await request.body()}`);
  });
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const stream = http2Session(proxy.port).request({
    ':method': 'POST',
    ':path': '/',
    expect: '100-continue',
  });
  const hints: unknown[] = [];
  stream.on('headers', (fields) => void hints.push(fields[':status'], fields['link'] ?? null));
  await once(stream, 'continue');
  stream.end('abc');
  stream.setEncoding('latin1');
  let body = '';
  stream.on('data', (piece: string) => (body += piece));
  await once(stream, 'end');
  expect(body).toBe('abc');
  expect(hints).toEqual([103, '</a>', 100, null]);
});

test('an early answer stops a body that nobody wants: the stream ends, then NO_ERROR', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
  );
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const client = await frameClient(proxy.port);
  client.send(headers(1, POST, false));
  expect((await client.answer(1)).status).toBe('403');
  expect(await client.reset(1)).toBe(ErrorCode.NoError);
});

test('a stream that the client resets ends its attempt', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const session = http2Session(proxy.port);
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => {});
  const request = await backend.request(0);
  stream.close(8);
  await request.connection.end();
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]).toMatchObject({ status: null, error: 'client-abort' });
  expect(session.closed).toBe(false);
});
