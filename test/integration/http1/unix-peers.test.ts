import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import type { DataPath } from '../../support/data-path.ts';
import { startRawBackend, type BackendRequest } from '../../support/raw-backend.ts';
import { get, RawClient } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

/** What a backend gets of a request that comes through a Unix socket. */
async function send(
  listener: Readonly<Record<string, unknown>>,
  ...lines: readonly string[]
): Promise<{ proxy: DataPath; received: BackendRequest }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-unix-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'web.sock');
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener, backendPort: backend.port, socketPath });
  await (await client(socketPath)).request(get('/', ...lines));
  return { proxy, received: await backend.request(0) };
}

async function client(path: string): Promise<RawClient> {
  const socket = connect({ path, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return new RawClient(socket);
}

test('a peer on a Unix socket has no address and no port: what only says these is left out', async () => {
  const { proxy, received } = await send({});
  expect(received.header('x-forwarded-for')).toBeNull();
  expect(received.header('x-forwarded-port')).toBeNull();
  expect(received.header('x-forwarded-proto')).toBe('http');
  expect(received.header('forwarded')).toBe('for=unknown;proto=http;host=example.test');
  expect((await entry(proxy)).client).toBe('unknown');
});

test('what a peer on a Unix socket says of others is dropped unless it is trusted', async () => {
  const { proxy, received } = await send(
    { forwarded: { trust: ['0.0.0.0/0', '::/0'] } },
    'X-Forwarded-For: 203.0.113.9',
  );
  expect(received.header('x-forwarded-for')).toBeNull();
  expect((await entry(proxy)).client).toBe('unknown');
});

test('with `unix:` trusted, the client is the one that the peer names', async () => {
  const { proxy, received } = await send(
    { forwarded: { trust: ['unix:'] } },
    'X-Forwarded-For: 6.6.6.6, 203.0.113.9',
    'X-Forwarded-Port: 443',
  );
  expect(received.header('x-forwarded-for')).toBe('6.6.6.6, 203.0.113.9');
  expect(received.header('x-forwarded-port')).toBe('443');
  expect((await entry(proxy)).client).toBe('203.0.113.9');
});

test('connectionsPerClient does not count all peers of a Unix socket as one client', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-unix-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'web.sock');
  const backend = await startRawBackend();
  await startProxy({
    listener: { limits: { connectionsPerClient: 1 } },
    backendPort: backend.port,
    socketPath,
  });
  const clients = [await client(socketPath), await client(socketPath)];
  for (const each of clients) expect((await each.request(get('/'))).status).toBe(200);
});
