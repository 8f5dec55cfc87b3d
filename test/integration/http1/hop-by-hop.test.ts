import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

// RFC 9110 7.6.1
test('hop-by-hop fields of a request stay on their hop, and so do those that Connection nominates', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  await (
    await connectRaw(proxy.port)
  ).request(
    get(
      '/',
      'Connection: X-Mine, keep-alive',
      'connection: x-other',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic eDp5',
      'X-Mine: 1',
      'X-OTHER: 2',
      'X-Kept: 3',
    ),
  );
  const received = backend.requests[0];
  for (const name of [
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authorization',
    'x-mine',
    'x-other',
    'upgrade',
  ]) {
    expect([name, received?.header(name)]).toEqual([name, null]);
  }
  expect(received?.header('x-kept')).toBe('3');
});

test('hop-by-hop fields of an answer stay on their hop, and so do those that Connection nominates', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Internal\r\nKeep-Alive: timeout=5\r\nX-Internal: 1\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-Kept: 2\r\nContent-Length: 0\r\n\r\n',
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  for (const name of ['connection', 'keep-alive', 'x-internal', 'proxy-authenticate', 'upgrade']) {
    expect([name, answer.header(name)]).toEqual([name, null]);
  }
  expect(answer.header('x-kept')).toBe('2');
});
