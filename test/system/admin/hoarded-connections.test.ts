import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAdminServer, type AdminApi } from '../../../core/admin/server.ts';
import { poll } from '../../support/poll.ts';

/** Far more than the kernel buffers, so that a client which reads nothing keeps the answer from ending. */
const AUDIT = 'x'.repeat(1 << 20);

async function startAdmin(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-admin-'));
  const path = join(folder, 'a.sock');
  const nothing = () => Promise.resolve(null);
  const api: AdminApi = {
    status: nothing,
    reload: nothing,
    changeBackend: nothing,
    healthEvents: () => Promise.resolve('unknown'),
    plugins: async () => ({ plugins: [] }),
    audit: () => Promise.resolve(AUDIT),
    showCertificate: () => 'unknown',
    certificateCommand: nothing,
  };
  const server = await openAdminServer({ kind: 'unix', path }, api);
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  return path;
}

/** Every place taken, and the connections beyond them. */
function hoard(path: string, sent: string): void {
  const sockets = Array.from({ length: 100 }, (): Socket => {
    const socket = connect(path, () => socket.write(sent));
    socket.on('error', () => undefined);
    return socket.pause();
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
}

function statusOf(path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const request = get({ socketPath: path, path: '/status', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    request.on('error', () => resolve(null));
  });
}

test.each([
  ['half a head', 'GET /status HTTP/1.1\r\nhost: loc', 7_000],
  [
    'half a body',
    'POST /backends HTTP/1.1\r\nhost: localhost\r\nx-tidegate-admin: 1\r\ncontent-length: 1000\r\n\r\n{',
    12_000,
  ],
  ['nothing more, and reads nothing', 'GET /backends/audit HTTP/1.1\r\nhost: localhost\r\n\r\n', 12_000],
])('a client that holds all places and sends %s loses them', async (_, sent, withinMs) => {
  const path = await startAdmin();
  hoard(path, sent);
  await poll(async () => (await statusOf(path)) === null);
  const begin = performance.now();
  await poll(async () => (await statusOf(path)) === 503, 60_000);
  expect(performance.now() - begin).toBeLessThan(withinMs);
});
