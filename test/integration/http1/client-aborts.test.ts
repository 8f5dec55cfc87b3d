import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawClient } from '../../support/raw-client.ts';
import { entry, inFlight, startProxy } from './setup.ts';

const ways: [string, (client: RawClient) => void][] = [
  ['a reset', (client) => client.socket.resetAndDestroy()],
  ['a FIN', (client) => client.socket.end()],
];

test.each(ways)('%s while the backend works on the answer ends its connection', async (_, leave) => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  const { connection } = await backend.request(0);
  expect(inFlight(proxy)).toBe(1);
  leave(client);
  await connection.end();
  const { status, error, attempts } = await entry(proxy);
  expect([status, error, attempts]).toEqual([null, 'client-abort', 1]);
  expect(inFlight(proxy)).toBe(0);
});

test.each(ways)('%s in mid-body ends the backend request, which must not look whole', async (_, leave) => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
  const { connection } = await backend.request(0);
  await connection.until(() => (connection.buffered.includes('half') ? true : null), 'the half body');
  leave(client);
  await connection.end();
  expect(connection.transcript.endsWith('0\r\n\r\n')).toBe(false);
  expect((await entry(proxy)).error).toBe('client-abort');
});

test.each(ways)('%s in mid-answer ends the backend connection', async (_, leave) => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.until(() => (client.buffered.includes('half') ? true : null), 'the half answer');
  leave(client);
  await backend.connections[0]?.end();
  const { status, error } = await entry(proxy);
  expect([status, error]).toEqual([200, 'client-abort']);
});

test('a reset while the proxy connects to the backend', async () => {
  // 192.0.2.0/24 is for documentation; whether it is refused or swallowed, nothing may be left behind.
  const proxy = await startProxy({
    upstreams: {
      site: {
        timeouts: { connect: '500ms' },
        retries: { attempts: 1 },
        backends: [{ address: '192.0.2.1:81' }],
      },
    },
  });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await poll(() => proxy.service.counters.requests === 1);
  client.socket.resetAndDestroy();
  await entry(proxy);
  expect(inFlight(proxy)).toBe(0);
});
