import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { get } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

test('an answer that is cut off ends the connection of a client on a Unix socket', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-unix-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const socketPath = path.join(folder, 'web.sock');
  const backend = await startRawBackend((request) => {
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    request.connection.socket.end();
  });
  const proxy = await startProxy({ backendPort: backend.port, socketPath });
  const client = connect(socketPath);
  client.on('error', () => {});
  client.resume();
  client.write(get('/'));
  await once(client, 'close');
  expect((await entry(proxy)).error).toBe('response-truncated');
});
