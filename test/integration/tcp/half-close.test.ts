import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, authorityFile, certificate, certificateFiles } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { RawSocket } from '../../support/raw-socket.ts';
import { connectTcp, received, startNamed, startTcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

test('a backend may end its direction first, and still hear the rest', async () => {
  const backend = await startTcpBackend((connection) => void connection.socket.end('bye'));
  const proxy = await startTcp({ backendPort: backend.port });
  const client = await connectTcp(proxy.port);
  expect(await client.end()).toBe('fin');
  expect(client.buffered).toBe('bye');
  client.socket.end('thanks');
  const connection = await backend.connection(0);
  expect(await connection.end()).toBe('fin');
  expect(connection.buffered).toBe('thanks');
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({ end: 'closed', bytesFromClient: 6, bytesFromBackend: 3 });
});

test('a client that has said everything before the backend is there gets its answer', async () => {
  const backend = await startNamed('one');
  const held = await startTcp({
    upstreams: { site: { backends: [{ address: backend.address, maxConnections: 1 }] } },
  });
  const first = await connectTcp(held.port);
  await received(first, 'one\n');
  const second = await connectTcp(held.port);
  second.socket.end('all that I have');
  const queue = held.upstreams.get('site')?.queue;
  await poll(() => queue?.length === 1);
  first.socket.end();
  expect(await received(second, 'have')).toBe('one\nall that I have');
  expect(await second.end()).toBe('fin');
});

test('half a connection goes on where TLS is ended on both sides', async () => {
  const backend = await startNamed('secure', certificate('one'));
  const proxy = await startTcp({
    listener: { protocol: 'tls', tls: { certificates: [certificateFiles('one')] } },
    upstreams: {
      site: {
        tls: { serverName: 'one.test', ca: authorityFile },
        backends: [{ address: backend.address }],
      },
    },
  });
  const halfOpen: object = { allowHalfOpen: true };
  const socket = connectTls({
    port: proxy.port,
    host: '127.0.0.1',
    ca: authority,
    servername: 'one.test',
    ...halfOpen,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  const client = new RawSocket(socket);
  await received(client, 'secure\n');
  socket.end('last words');
  expect(await received(client, 'words')).toBe('secure\nlast words');
  expect(await client.end()).toBe('fin');
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({
    protocol: 'tls',
    serverName: 'one.test',
    end: 'closed',
    bytesFromClient: 10,
  });
});
