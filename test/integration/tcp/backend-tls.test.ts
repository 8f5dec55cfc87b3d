import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { authorityFile, certificate } from '../../support/certificates.ts';
import { connectTcp, received, startNamed, type TcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

/** The connection of this index, as the backend sees it. */
async function secureConnection(backend: TcpBackend, index: number): Promise<TLSSocket> {
  const { socket } = await backend.connection(index);
  if (!('alpnProtocol' in socket)) throw new Error('no TLS');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server of TLS has no other sockets
  return socket as TLSSocket;
}

const tls = { ca: authorityFile, serverName: 'one.test' };

test('TLS to a backend: its name is verified, nothing is offered by ALPN, and its greeting comes through', async () => {
  const backend = await startNamed('secure', { ...certificate('one'), ALPNProtocols: ['h2'] });
  const proxy = await startTcp({ upstreams: { site: { tls, backends: [{ address: backend.address }] } } });
  const client = await connectTcp(proxy.port);
  await received(client, 'secure\n');
  const connection = await secureConnection(backend, 0);
  expect(connection.alpnProtocol).toBe(false);
  expect(connection.isSessionReused()).toBe(false);
});

test('the session of the connection before is resumed', async () => {
  const backend = await startNamed('secure', certificate('one'));
  const proxy = await startTcp({ upstreams: { site: { tls, backends: [{ address: backend.address }] } } });
  const first = await connectTcp(proxy.port);
  await received(first, 'secure\n');
  first.send('x');
  await received(first, 'x');
  await received(await connectTcp(proxy.port), 'secure\n');
  expect((await secureConnection(backend, 1)).isSessionReused()).toBe(true);
});

test('a backend with another name is no backend', async () => {
  const backend = await startNamed('secure', certificate('two'));
  const proxy = await startTcp({ upstreams: { site: { tls, backends: [{ address: backend.address }] } } });
  const client = await connectTcp(proxy.port, 'secret');
  expect(await client.end()).toBe('reset');
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'backend-tls-failed' });
  expect(backend.connections.map(({ buffered }) => buffered).join('')).toBe('');
});
