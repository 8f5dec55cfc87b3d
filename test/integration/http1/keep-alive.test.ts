import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

test('many requests use one connection on each side', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 20; i++) {
    const answer = await client.request(get(`/${i}`));
    expect([answer.status, answer.body, answer.header('connection')]).toEqual([200, 'hello', null]);
  }
  expect(backend.connections).toHaveLength(1);
  expect(proxy.service.counters.connections).toBe(1);
});

test('another client takes over the idle backend connection', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  await (await connectRaw(proxy.port)).request(get('/a'));
  await (await connectRaw(proxy.port)).request(get('/b'));
  expect(backend.connections).toHaveLength(1);
});

test('Connection: close of the client ends its connection after the answer, and not the backend one', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/', 'Connection: close'));
  expect(answer.header('connection')).toBe('close');
  expect(await client.end()).toBe('fin');
  expect(backend.requests[0]?.header('connection')).toBeNull();
  await (await connectRaw(proxy.port)).request(get('/'));
  expect(backend.connections).toHaveLength(1);
});

test('Connection: close of the backend ends its connection, and not the client one', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) expect((await client.request(get('/'))).header('connection')).toBeNull();
  expect(backend.connections).toHaveLength(3);
  await poll(() => backend.connections.every(({ ended }) => ended !== null));
});
