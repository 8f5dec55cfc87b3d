import { expect, test } from 'vitest';
import { startFullBacklog } from '../../support/full-backlog.ts';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { connectTcp, received, startNamed, startTcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

test("a client's reset reaches the backend as one", async () => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({ backendPort: backend.port });
  const client = await connectTcp(proxy.port, 'hello');
  const connection = await backend.connection(0);
  await received(connection, 'hello');
  client.socket.resetAndDestroy();
  expect(await connection.end()).toBe('reset');
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({ end: 'client-reset', bytesFromClient: 5, error: null });
});

test("a backend's reset reaches the client as one, and counts as its error", async () => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({ backendPort: backend.port });
  const client = await connectTcp(proxy.port, 'hello');
  const connection = await backend.connection(0);
  await received(connection, 'hello');
  connection.socket.resetAndDestroy();
  expect(await client.end()).toBe('reset');
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({ end: 'backend-reset', attempts: 1 });
  expect(proxy.upstreams.get('site')?.backends[0]?.runtime.errors).toBe(1);
});

test('a client that resets while it waits in line leaves the line', async () => {
  const backend = await startNamed('only');
  const proxy = await startTcp({
    upstreams: { site: { backends: [{ address: backend.address, maxConnections: 1 }] } },
  });
  const first = await connectTcp(proxy.port);
  await received(first, 'only\n');
  const second = await connectTcp(proxy.port, 'hello');
  const queue = proxy.upstreams.get('site')?.queue;
  await poll(() => queue?.length === 1);
  second.socket.resetAndDestroy();
  await poll(() => queue?.length === 0);
  expect(proxy.entries[0]).toMatchObject({ end: 'client-reset', attempts: 0, backend: null });
  expect(backend.connections.length).toBe(1);
});

test('a client that resets while the second backend is being connected frees it', async () => {
  const proxy = await startTcp({
    upstreams: {
      site: {
        timeouts: { connect: '1m' },
        backends: [
          { address: `127.0.0.1:${await unusedPort()}` },
          { address: `127.0.0.1:${await startFullBacklog()}`, backup: true },
        ],
      },
    },
  });
  const client = await connectTcp(proxy.port, 'hello');
  const [, second] = proxy.upstreams.get('site')?.backends ?? [];
  await poll(() => second?.runtime.inFlight === 1);
  client.socket.resetAndDestroy();
  await poll(() => second?.runtime.inFlight === 0);
  expect(proxy.entries[0]).toMatchObject({ end: 'client-reset', attempts: 2 });
});

test('a client that has reset before the backend was there resets that, too', async () => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({
    backendPort: backend.port,
    rules: ruleScript({
      connect: ({ bytes }) =>
        bytes === null ? { kind: 'inspect', bytes: 100, timeoutMs: 200 } : { kind: 'next' },
    }),
  });
  const client = await connectTcp(proxy.port, 'hello');
  await poll(() => proxy.service.counters.open === 1);
  client.socket.resetAndDestroy();
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({ end: 'client-reset', attempts: 0, upstream: null });
  expect(backend.connections.length).toBe(0);
});
