import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

test('half a head: 408 after the header timeout', async () => {
  const proxy = await startProxy({ listener: { timeouts: { header: '150ms' } }, backendPort: 9 });
  const client = await connectRaw(proxy.port);
  const answer = await client.request('GET / HTTP/1.1\r\nHost: a\r\n');
  expect([answer.status, answer.header('connection')]).toEqual([408, 'close']);
  expect((await entry(proxy)).error).toBe('request-timeout');
});

test('a connection over which nothing ever comes ends without an answer', async () => {
  const proxy = await startProxy({ listener: { timeouts: { header: '150ms' } }, backendPort: 9 });
  const client = await connectRaw(proxy.port);
  expect(await client.end()).toBe('fin');
  expect([client.bytesReceived, proxy.entries.length]).toEqual([0, 0]);
});

test('between two requests: the idle timeout, without an answer', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { timeouts: { idle: '150ms' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  expect(await client.end()).toBe('fin');
  expect(client.buffered).toBe('');
  await entry(proxy);
});

test('a body that stops coming: 408, and the backend request is broken off', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ listener: { timeouts: { body: '150ms' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
  expect([answer.status, answer.header('connection')]).toEqual([408, 'close']);
  await backend.connections[0]?.end();
  expect((await entry(proxy)).error).toBe('request-timeout');
});

test('a client that rightly waits for 100 Continue is not to blame for a silent backend', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({
    listener: { timeouts: { body: '100ms' } },
    upstreams: {
      site: {
        timeouts: { response: '400ms' },
        retries: { attempts: 1 },
        backends: [{ address: `127.0.0.1:${backend.port}` }],
      },
    },
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n',
  );
  expect(answer.status).toBe(504);
});
