import { expect, test } from 'vitest';
import { packageVersion } from '../../../core/shared/package-version.ts';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { probe } from './probe.ts';

const check = { type: 'http', path: '/healthz?full', timeout: '300ms' };

test('asks as it was told to, and says who it is', async () => {
  const backend = await startRawBackend();
  const result = await probe(`127.0.0.1:${backend.port}`, {
    ...check,
    method: 'HEAD',
    host: 'site.test',
    headers: { 'X-Check': 'yes' },
  });
  expect(result).toEqual({ ok: true, reason: 'status 200' });
  expect(backend.received()).toBe(
    'HEAD /healthz?full HTTP/1.1\r\n' +
      'Host: site.test\r\n' +
      `User-Agent: Tidegate-health-check/${packageVersion()}\r\n` +
      'Accept: */*\r\n' +
      'X-Check: yes\r\n\r\n',
  );
});

test('the host is the address unless it is told another; a User-Agent of the config stands', async () => {
  const backend = await startRawBackend();
  await probe(`127.0.0.1:${backend.port}`, { ...check, headers: { 'user-agent': 'me' } });
  expect(backend.received()).toContain(`\r\nHost: 127.0.0.1:${backend.port}\r\n`);
  expect(backend.received()).toContain('\r\nuser-agent: me\r\n');
  expect(backend.received()).not.toContain('Tidegate');
});

test.each<[answer: string, settings: object, good: boolean, reason: string]>([
  [ok(''), {}, true, 'status 200'],
  ['HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n', {}, true, 'status 302'],
  ['HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', {}, false, 'status 404'],
  ['HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', { status: '200,404' }, true, 'status 404'],
  ['HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n', {}, false, 'status 503'],
  [`HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${ok('')}`, {}, true, 'status 200'],
  [ok('all fine'), { body: 'fine' }, true, 'status 200'],
  [ok('all bad'), { body: 'fine' }, false, 'status 200, but the body does not hold the expected text'],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n',
    { body: 'fine' },
    true,
    'status 200',
  ],
  ['HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nfine', { body: 'fine' }, false, 'status 500'],
  [
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi',
    { body: 'fi' },
    false,
    'no complete answer within 300 ms',
  ],
  ['HTTP/1.1 200 OK\r\nX', {}, false, 'no complete answer within 300 ms'],
  [
    'SSH-2.0-OpenSSH\r\n\r\n',
    {},
    false,
    'a malformed answer: the status line does not begin with "HTTP/1.1 "',
  ],
  [
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
    {},
    false,
    'a malformed answer: more than one Content-Length',
  ],
])('%j with %j', async (answer, settings, good, reason) => {
  const backend = await startRawBackend((request) => request.reply(answer));
  const result = await probe(`127.0.0.1:${backend.port}`, { ...check, ...settings });
  expect(result).toEqual({ ok: good, reason });
});

test('a body that ends with its connection', async () => {
  const backend = await startRawBackend((request) => {
    request.reply('HTTP/1.1 200 OK\r\n\r\nall fi');
    request.connection.socket.end('ne');
  });
  expect(await probe(`127.0.0.1:${backend.port}`, { ...check, body: 'fine' })).toMatchObject({ ok: true });
});

test('a body without end is read up to 64 KiB', async () => {
  const backend = await startRawBackend(async (request) => {
    request.reply('HTTP/1.1 200 OK\r\n\r\n');
    await request.connection.pour(Buffer.alloc(16_384, 'x'), 1000);
  });
  const result = await probe(`127.0.0.1:${backend.port}`, { ...check, body: 'fine', timeout: '5s' });
  expect(result).toMatchObject({ ok: false, reason: expect.stringContaining('does not hold') });
});

test('a backend that closes, or is not there', async () => {
  const backend = await startRawBackend((request) => void request.connection.socket.end());
  expect(await probe(`127.0.0.1:${backend.port}`, check)).toEqual({
    ok: false,
    reason: 'closed the connection',
  });
  expect(await probe(`127.0.0.1:${await unusedPort()}`, check)).toEqual({
    ok: false,
    reason: 'connection refused',
  });
});

test.each<[body: string, weight: number | null]>([
  ['{"load":{"weight":12.5}}', 12.5],
  ['{"load":{"weight":"12"}}', null],
  ['{"load":{"weight":-1}}', null],
  ['{"load":null}', null],
  ['not JSON', null],
])('the weight in %s', async (body, weight) => {
  const backend = await startRawBackend((request) => request.reply(ok(body)));
  const result = await probe(`127.0.0.1:${backend.port}`, { ...check, weightField: 'load.weight' });
  expect(result).toEqual({ ok: true, reason: 'status 200', reportedWeight: weight });
});

test.each([
  ['v1', 'PROXY UNKNOWN\r\nGET '],
  ['v2', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET '],
])(
  'a backend that awaits the PROXY protocol gets a header that names nobody: %s',
  async (proxyProtocol, begin) => {
    const backend = await startRawBackend();
    await probe(`127.0.0.1:${backend.port}`, check, { proxyProtocol });
    expect(backend.received().slice(0, begin.length)).toBe(begin);
  },
);

test('a port of its own', async () => {
  const backend = await startRawBackend();
  const result = await probe(`127.0.0.1:${await unusedPort()}`, { ...check, port: backend.port });
  expect(result).toEqual({ ok: true, reason: 'status 200' });
});

test('the source address', async () => {
  const backend = await startRawBackend();
  await probe(`127.0.0.1:${backend.port}`, { ...check, sourceAddress: '127.0.0.77' });
  expect(backend.connections[0]?.socket.remoteAddress).toBe('127.0.0.77');
});
