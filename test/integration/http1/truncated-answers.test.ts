import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

const BROKEN = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
  ['chunks, within one', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf'],
  ['chunks, between two', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  [
    'chunks, in the trailers',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX-Sum: 1\r\n',
  ],
] as const;

test.each(BROKEN)('cut off in an answer with %s: the client sees no end of it', async (_, answer) => {
  const backend = await startRawBackend((request) => request.reply(answer));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.until(() => (client.buffered.includes('half') ? true : null), 'what there is of it');
  (await backend.request(0)).connection.socket.end();
  await client.end();
  expect(client.buffered.endsWith('0\r\n\r\n')).toBe(false);
  expect(client.buffered).toMatch(/half(?:\r\n)?$/);
  expect((await entry(proxy)).error).toBe('response-truncated');
});

test.each(BROKEN)(
  'an HTTP/1.0 client can not take an answer with %s for whole: its connection is reset',
  async (_, answer) => {
    const backend = await startRawBackend((request) => request.reply(answer));
    const proxy = await startProxy({ backendPort: backend.port });
    const client = await connectRaw(proxy.port);
    client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    await client.until(() => (client.buffered.includes('half') ? true : null), 'what there is of it');
    (await backend.request(0)).connection.socket.end();
    expect(await client.end()).toBe('reset');
  },
);

test('a reset in a body that ends with the connection is no good end', async () => {
  const backend = await startRawBackend((request) => request.reply('HTTP/1.1 200 OK\r\n\r\nhalf'));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.until(() => (client.buffered.includes('half') ? true : null), 'what there is of it');
  (await backend.request(0)).connection.socket.resetAndDestroy();
  await client.end();
  expect(client.buffered.endsWith('0\r\n\r\n')).toBe(false);
  expect((await entry(proxy)).error).toBe('response-truncated');
});

test('chunks that turn malformed cut the answer off', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.until(() => (client.buffered.includes('half') ? true : null), 'what there is of it');
  (await backend.request(0)).reply('-1\r\n');
  await client.end();
  expect(client.buffered.endsWith('0\r\n\r\n')).toBe(false);
  expect((await entry(proxy)).error).toBe('response-malformed');
});
