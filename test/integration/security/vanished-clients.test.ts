import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { poll } from '../../support/poll.ts';
import { startProxy } from '../http1/setup.ts';

test('a client that is gone before it was accepted, and so has no address that a rule could refuse, is not served', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const sockets = Array.from({ length: 20 }, () => connect(proxy.port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.once('connect', () => {
      socket.write(get('/'));
      socket.resetAndDestroy();
    });
  }
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  const last = await connectRaw(proxy.port);
  expect((await last.request(get('/last'))).status).toBe(200);
  await poll(() => proxy.service.counters.connections === 1);
  expect(proxy.entries.map(({ client }) => client)).not.toContain('unknown');
});
