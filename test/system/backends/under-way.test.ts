import { expect, test } from 'vitest';
import type { BackendChangeInput } from '../../../core/admin/backend-change.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';
import { change, plain, siteConfig } from '../../integration/backends/setup.ts';

test.each(['drain', 'maintenance', 'remove'] as const)(
  'a request that is under way finishes after %s',
  async (action) => {
    const backend = await startBackend();
    const tidegate = await runTidegate({
      files: { 'tidegate.config.yaml': siteConfig([plain(backend.address)]) },
      workers: 'real',
    });
    const arrived = backend.slow();
    const answer = fetch(`${await tidegate.url()}/slow`);
    const pending = await arrived;
    pending.write('half');
    await change({ tidegate }, { action, upstream: 'site', backend: backend.address });
    pending.end(' and half');
    expect(await (await answer).text()).toBe('half and half');
  },
);

test('a WebSocket is closed with 1001 by maintenance and by removal, not by a drain nor by weight 0', async () => {
  const server = await startWebSocketServer();
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': siteConfig([plain(`127.0.0.1:${server.port}`)]).replace(
        'upstream: site }',
        'upstream: site, webSocket: { drainTimeout: 50ms } }',
      ),
    },
    workers: 'real',
  });
  const port = Number(new URL(await tidegate.url()).port);
  const it = { upstream: 'site', backend: `127.0.0.1:${server.port}` };
  const set = (wanted: BackendChangeInput) => change({ tidegate }, wanted);
  for (const action of ['maintenance', 'remove'] as const) {
    const socket = await openWebSocket(port);
    await set({ action: 'weight', weight: 0, ...it });
    await set({ action: 'drain', ...it });
    socket.send('still here');
    await new Promise((resolve) => socket.once('message', resolve));
    const closed = closing(socket);
    await set({ action, ...it });
    expect((await closed).code).toBe(1001);
    await set({ action: 'reset', upstream: 'site' });
  }
});

test('a WebSocket that came by an upstream within the upstream stays when that is put in maintenance', async () => {
  const server = await startWebSocketServer();
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': siteConfig(
        ['{ upstream: inner }'],
        `  inner: { backends: [${plain(`127.0.0.1:${server.port}`)}] }`,
      ).replace('upstream: site }', 'upstream: site, webSocket: { drainTimeout: 0s } }'),
    },
    workers: 'real',
  });
  const port = Number(new URL(await tidegate.url()).port);
  const socket = await openWebSocket(port);
  await change({ tidegate }, { action: 'maintenance', upstream: 'site', backend: 'upstream:inner' });
  await expect(openWebSocket(port)).rejects.toThrow('503');
  socket.send('still here');
  await new Promise((resolve) => socket.once('message', resolve));
});
