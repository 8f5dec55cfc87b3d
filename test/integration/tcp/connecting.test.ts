import { expect, test } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { startFullBacklog } from '../../support/full-backlog.ts';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { connectTcp, received, startNamed, startTcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

const at = (port: number): string => `127.0.0.1:${port}`;

test('a backend that refuses is followed by the backup, and loses nothing', async () => {
  const backup = await startNamed('backup');
  const proxy = await startTcp({
    upstreams: {
      site: { backends: [{ address: at(await unusedPort()) }, { address: backup.address, backup: true }] },
    },
  });
  const client = await connectTcp(proxy.port, 'hello');
  expect(await received(client, 'hello')).toBe('backup\nhello');
  client.socket.end();
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({ attempts: 2, backend: backup.address, end: 'closed', error: null });
});

test('a backend that takes no connection is given up after timeouts.connect', async () => {
  const backup = await startNamed('backup');
  const proxy = await startTcp({
    upstreams: {
      site: {
        timeouts: { connect: '100ms' },
        backends: [{ address: at(await startFullBacklog()) }, { address: backup.address, backup: true }],
      },
    },
  });
  const client = await connectTcp(proxy.port);
  await received(client, 'backup\n');
  expect(proxy.upstreams.get('site')?.backends[0]?.runtime.errors).toBe(1);
});

test('a backend that nobody connects to in time fails the connection', async () => {
  const proxy = await startTcp({
    upstreams: {
      site: {
        timeouts: { connect: '100ms' },
        retries: { attempts: 1 },
        backends: [{ address: at(await startFullBacklog()) }],
      },
    },
  });
  const client = await connectTcp(proxy.port);
  expect(await client.end()).toBe('reset');
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'connect-timeout', attempts: 1 });
});

test('a backend that refuses the TLS handshake is followed by another', async () => {
  const plain = await startTcpBackend((connection) => connection.send('what is this?\n'));
  const secure = await startNamed('secure', certificate('one'));
  const proxy = await startTcp({
    upstreams: {
      site: {
        tls: { verify: false },
        backends: [{ address: plain.address }, { address: secure.address, backup: true }],
      },
    },
  });
  const client = await connectTcp(proxy.port, 'hello');
  expect(await received(client, 'hello')).toBe('secure\nhello');
  client.socket.end();
  expect(await poll(() => proxy.entries[0])).toMatchObject({ attempts: 2, bytesFromClient: 5 });
});

test('when no attempt is left the fallback is asked', async () => {
  const other = await startNamed('other');
  const proxy = await startTcp({
    upstreams: {
      site: {
        retries: { attempts: 1 },
        fallback: 'other',
        backends: [{ address: at(await unusedPort()) }, { address: at(await unusedPort()), backup: true }],
      },
      other: { backends: [{ address: other.address }] },
    },
  });
  const client = await connectTcp(proxy.port, 'hello');
  expect(await received(client, 'hello')).toBe('other\nhello');
  client.socket.end();
  expect(await poll(() => proxy.entries[0])).toMatchObject({ upstream: 'other', attempts: 2 });
  expect(proxy.upstreams.get('site')?.budget.fallbacks).toBe(1);
});

test('without a budget there is no second attempt', async () => {
  const backup = await startNamed('backup');
  const proxy = await startTcp({
    upstreams: {
      site: {
        retries: { attempts: 3, budget: { share: 0, minPerSecond: 0 } },
        backends: [{ address: at(await unusedPort()) }, { address: backup.address, backup: true }],
      },
    },
  });
  const client = await connectTcp(proxy.port);
  expect(await client.end()).toBe('reset');
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'connect-failed', attempts: 1 });
});

test('nothing is tried again once the backend was reached', async () => {
  const backup = await startNamed('backup');
  const first = await startTcpBackend((connection) => {
    connection.socket.once('data', () => connection.socket.resetAndDestroy());
  });
  const proxy = await startTcp({
    upstreams: {
      site: { backends: [{ address: first.address }, { address: backup.address, backup: true }] },
    },
  });
  const client = await connectTcp(proxy.port, 'hello');
  expect(await client.end()).toBe('reset');
  expect(await poll(() => proxy.entries[0])).toMatchObject({ end: 'backend-reset', attempts: 1 });
  expect(backup.connections.length).toBe(0);
});
