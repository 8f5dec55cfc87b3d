import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { connectTcp, startNamed, startTcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

test('a connection that is silent for timeouts.idle is ended', async () => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({ backendPort: backend.port, listener: { timeouts: { idle: '100ms' } } });
  const client = await connectTcp(proxy.port);
  expect(await client.end()).toBe('fin');
  client.socket.end();
  expect(await (await backend.connection(0)).end()).toBe('fin');
  expect(await poll(() => proxy.entries[0])).toMatchObject({ end: 'idle', error: null });
});

test('half a connection that is silent for timeouts.halfClosed is ended', async () => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({
    backendPort: backend.port,
    listener: { timeouts: { halfClosed: '100ms' } },
  });
  const client = await connectTcp(proxy.port);
  client.socket.end('my last');
  expect(await client.end()).toBe('fin');
  expect((await backend.connection(0)).buffered).toBe('my last');
  expect(await poll(() => proxy.entries[0])).toMatchObject({ end: 'half-closed' });
});

test('a connection in use is ended at timeouts.lifetime, with a reset where bytes are under way', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ backendPort: backend.port, listener: { timeouts: { lifetime: '200ms' } } });
  const client = await connectTcp(proxy.port);
  const talk = setInterval(() => client.send('x'), 10);
  expect(await client.end().finally(() => clearInterval(talk))).toBe('reset');
  expect(await poll(() => proxy.entries[0])).toMatchObject({ end: 'lifetime' });
});
