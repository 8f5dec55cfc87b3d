import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { connectTcp, received, startNamed } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

test('beyond limits.connections a client is reset, and counted as refused only', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ backendPort: backend.port, listener: { limits: { connections: 1 } } });
  const first = await connectTcp(proxy.port);
  await received(first, 'one\n');
  expect(await (await connectTcp(proxy.port)).end()).toBe('reset');
  expect(proxy.service.counters).toMatchObject({ refused: 1, accepted: 1 });
  first.socket.end();
  await poll(() => proxy.service.counters.open === 0);
  await received(await connectTcp(proxy.port), 'one\n');
});

test('beyond limits.connectionsPerClient the same, until one of the client has ended', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({
    backendPort: backend.port,
    listener: { limits: { connectionsPerClient: 1 } },
  });
  const first = await connectTcp(proxy.port);
  await received(first, 'one\n');
  expect(await (await connectTcp(proxy.port)).end()).toBe('reset');
  const other = await connectTcp({ port: proxy.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  await received(other, 'one\n');
  first.socket.resetAndDestroy();
  await poll(() => proxy.service.counters.open === 1);
  await received(await connectTcp(proxy.port), 'one\n');
});

const full = (address: string, queue: object): Record<string, object> => ({
  site: { queue, backends: [{ address, maxConnections: 1 }] },
});

test('a backend with maxConnections has the next one wait for a place', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ upstreams: full(backend.address, {}) });
  const first = await connectTcp(proxy.port);
  await received(first, 'one\n');
  const second = await connectTcp(proxy.port, 'hello');
  await poll(() => proxy.upstreams.get('site')?.queue.length === 1);
  expect(backend.connections.length).toBe(1);
  first.socket.end();
  expect(await received(second, 'hello')).toBe('one\nhello');
  second.socket.end();
  const entry = await poll(() => proxy.entries[1]);
  expect(entry.timings.queue).toBeGreaterThan(0);
  expect(proxy.entries[0]?.timings.queue).toBeNull();
});

test('a full line turns a connection away', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ upstreams: full(backend.address, { length: 0 }) });
  await received(await connectTcp(proxy.port), 'one\n');
  expect(await (await connectTcp(proxy.port)).end()).toBe('reset');
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'queue-full', attempts: 0 });
});

test('a connection waits in line for queue.timeout at most', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ upstreams: full(backend.address, { timeout: '50ms' }) });
  await received(await connectTcp(proxy.port), 'one\n');
  expect(await (await connectTcp(proxy.port)).end()).toBe('reset');
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'queue-timeout', attempts: 0 });
});

test('the ports of a range share the limits of their listener', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({
    backendPort: backend.port,
    listener: { limits: { connections: 1 } },
    ports: 2,
  });
  await received(await connectTcp(proxy.port), 'one\n');
  const [other = 0] = proxy.otherPorts;
  expect(await (await connectTcp(other)).end()).toBe('reset');
});
