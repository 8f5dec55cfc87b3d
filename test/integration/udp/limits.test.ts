import { constants } from 'node:os';
import { expect, onTestFinished, test, vi } from 'vitest';
import { UdpSocket } from '../../../core/shared/udp-socket.ts';
import { poll } from '../../support/poll.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

test('a client has no more sessions than `sessionsPerClient`, others have theirs', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({
    backendPorts: [backend.port],
    listener: { limits: { sessionsPerClient: 2 } },
  });
  const clients = await Promise.all([1, 2, 3].map(() => UdpPeer.open()));
  await clients[0]?.ask('1', path.port);
  await clients[1]?.ask('2', path.port);
  clients[2]?.send('3', path.port);
  await poll(() => path.drops()['sessions-per-client'] === 1);
  const other = await UdpPeer.open('127.0.0.2');
  expect((await other.ask('4', path.port)).text).toBe('b1 4');
  expect(backend.texts).toEqual(['1', '2', '4']);
});

test('a new session takes the place of the one that has been idle for the longest', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { limits: { sessions: 2 } } });
  const clients = await Promise.all([1, 2, 3].map(() => UdpPeer.open()));
  for (const [i, client] of clients.entries()) await client.ask(`${i}`, path.port);
  expect(path.counters.open).toBe(2);
  expect(path.entries).toMatchObject([{ end: 'evicted', clientPort: clients[0]?.port }]);
});

test('a datagram that is too long for the way to the backend is dropped with the reason, and the session goes on', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const port = path.listen('::1', 0);
  const client = await UdpPeer.open('::1');
  await client.ask('1', port, '::1');
  // 20 bytes more than IPv4 takes.
  client.send(Buffer.alloc(65_527), port, '::1');
  await poll(() => path.drops()['too-large'] === 1);
  expect((await client.ask('2', port, '::1')).text).toBe('b1 2');
  expect(backend.received[1]?.port).toBe(backend.received[0]?.port);
});

test('fewer sessions after a reload: those idle for the longest go', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { limits: { sessions: 4 } } });
  const clients = await Promise.all([1, 2, 3].map(() => UdpPeer.open()));
  for (const client of clients) await client.ask('x', path.port);
  path.reload({ listener: { limits: { sessions: 1 } } });
  expect(path.counters.open).toBe(1);
  expect(path.entries.map(({ end }) => end)).toEqual(['evicted', 'evicted']);
});

test('where this machine has no port left, another session gives way, and it is not held against the backend', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const [first, second, third] = [await UdpPeer.open(), await UdpPeer.open(), await UdpPeer.open()];
  await first.ask('1', path.port);
  // What the kernel says when `ip_local_port_range` is used up.
  const connect = vi.spyOn(UdpSocket, 'connect').mockReturnValueOnce(-constants.errno.EADDRINUSE);
  onTestFinished(() => connect.mockRestore());
  expect((await second.ask('2', path.port)).text).toBe('b1 2');
  expect(path.entries).toMatchObject([{ end: 'evicted', clientPort: first.port }]);
  for (let i = 0; i < 2; i++) connect.mockReturnValueOnce(-constants.errno.EAGAIN);
  third.send('3', path.port);
  await poll(() => path.drops()['sessions'] === 1);
  expect((await third.ask('4', path.port)).text).toBe('b1 4');
  expect(path.listener.service.upstreams.get('site')?.backends[0]?.runtime.errors).toBe(0);
});
