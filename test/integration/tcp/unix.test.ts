import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { connectTcp, received, startNamed } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

async function socketFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-tcp-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a listener may be a Unix socket', async () => {
  const backend = await startNamed('one');
  const socketPath = join(await socketFolder(), 'listener.sock');
  const proxy = await startTcp({ backendPort: backend.port, socketPath });
  const client = await connectTcp({ path: socketPath }, 'hello');
  expect(await received(client, 'hello')).toBe('one\nhello');
  client.socket.end();
  expect(await client.end()).toBe('fin');
  expect(await poll(() => proxy.entries[0])).toMatchObject({ clientPort: 0, end: 'closed' });
});

test('a backend may be a Unix socket', async () => {
  const path = join(await socketFolder(), 'backend.sock');
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.write('unix\n');
    socket.pipe(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const proxy = await startTcp({ upstreams: { site: { backends: [{ address: `unix:${path}` }] } } });
  const client = await connectTcp(proxy.port);
  client.socket.end('hello');
  expect(await received(client, 'hello')).toBe('unix\nhello');
  expect(await client.end()).toBe('fin');
});
