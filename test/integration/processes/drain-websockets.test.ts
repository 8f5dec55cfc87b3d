import { expect, test } from 'vitest';
import { webConfig } from '../../support/configs.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';

test('SIGTERM closes WebSockets with 1001 at both ends, however short the time: exit status 0', async () => {
  const server = await startWebSocketServer();
  const tidegate = await runTidegate({
    // Less than the 10 s for which a WebSocket may go on, and the 5 s for its end.
    files: {
      'tidegate.config.yaml': webConfig({
        backend: `127.0.0.1:${server.port}`,
        more: 'shutdownTimeout: 4s',
      }),
    },
    workers: 'real',
  });
  const { port } = new URL(await tidegate.url());
  const clients = await Promise.all([1, 2, 3, 4].map(() => openWebSocket(Number(port))));
  const codes = Promise.all([...clients, ...server.sockets].map((socket) => closing(socket)));
  const begin = performance.now();
  tidegate.kill('SIGTERM');
  expect((await codes).map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 1001));
  expect(await tidegate.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - begin).toBeLessThan(3_500);
});
