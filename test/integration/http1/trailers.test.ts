import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

test('trailers of a request pass, with case and order', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.trailers())));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    'POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum, x-count\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nx-count: 2\r\n\r\n',
  );
  expect(answer.body).toBe('X-Sum: 1\r\nx-count: 2');
  expect(backend.requests[0]?.header('trailer')).toBe('X-Sum, x-count');
});

test('trailers of an answer pass, and TE: trailers tells the backend that they may', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nServer-Timing: db;dur=1\r\n\r\n',
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (
    await connectRaw(proxy.port)
  ).request(get('/', 'TE: trailers, gzip;q=0.5', 'Connection: TE'));
  expect([answer.body, answer.trailers]).toEqual(['hi', 'Server-Timing: db;dur=1']);
  expect(backend.requests[0]?.header('te')).toBe('trailers');
  expect(backend.requests[0]?.header('connection')).toBe('TE');
});

// RFC 9110 6.5.1
test('a trailer that frames, routes or authenticates is dropped', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.trailers())));
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (
    await connectRaw(proxy.port)
  ).request(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\nHost: evil\r\n' +
      'Transfer-Encoding: chunked\r\nAuthorization: x\r\nX-Forwarded-For: 1.1.1.1\r\nConnection: close\r\nX-Fine: yes\r\n\r\n',
  );
  expect(answer.body).toBe('X-Fine: yes');
});
