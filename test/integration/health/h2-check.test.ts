import { expect, test } from 'vitest';
import type { IncomingHttpHeaders } from 'node:http2';
import { authority, certificate } from '../../support/certificates.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { probe } from './probe.ts';

const check = { type: 'h2', path: '/healthz', timeout: '500ms' };

test('by prior knowledge where the upstream has no TLS', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const backend = await startHttp2Backend((stream, headers) => {
    seen.push(headers);
    stream.respond({ ':status': 200 });
    stream.end('all fine');
  });
  const address = `127.0.0.1:${backend.port}`;
  expect(await probe(address, { ...check, headers: { 'X-Check': '1' }, body: 'fine' })).toEqual({
    ok: true,
    reason: 'status 200',
  });
  expect(seen[0]).toMatchObject({
    ':method': 'GET',
    ':path': '/healthz',
    ':authority': address,
    ':scheme': 'http',
    'user-agent': expect.stringMatching(/^Tidegate-health-check\//),
    'x-check': '1',
  });
});

test('with ALPN where it has', async () => {
  const backend = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 204 }, { endStream: true });
  }, certificate('local'));
  const result = await probe(
    `127.0.0.1:${backend.port}`,
    check,
    { protocol: 'h2', tls: { ca: '/ca.pem' } },
    { '/ca.pem': authority },
  );
  expect(result).toEqual({ ok: true, reason: 'status 204' });
});

test('a wrong status, a stream that is reset, silence', async () => {
  const bad = await startHttp2Backend((stream) => stream.respond({ ':status': 500 }, { endStream: true }));
  expect(await probe(`127.0.0.1:${bad.port}`, check)).toEqual({ ok: false, reason: 'status 500' });
  const resets = await startHttp2Backend((stream) => stream.close(2));
  expect(await probe(`127.0.0.1:${resets.port}`, check)).toMatchObject({ ok: false });
  const silent = await startHttp2Backend(() => undefined);
  expect(await probe(`127.0.0.1:${silent.port}`, check)).toEqual({
    ok: false,
    reason: 'no complete answer within 500 ms',
  });
});

test('a backend that speaks HTTP/1.1, and one that is not there', async () => {
  const http1 = await startRawBackend(
    undefined,
    ({ socket }) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  expect(await probe(`127.0.0.1:${http1.port}`, check)).toMatchObject({ ok: false });
  expect(await probe(`127.0.0.1:${await unusedPort()}`, check)).toEqual({
    ok: false,
    reason: 'connection refused',
  });
});
