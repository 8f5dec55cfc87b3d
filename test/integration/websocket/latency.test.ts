import { expect, test } from 'vitest';
import { ACCEPTED, HANDSHAKE } from '../../support/websocket-peers.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

test('an accepted handshake is an answer whose latency schedulers learn', async () => {
  const server = await startRawBackend((request) => request.reply(ACCEPTED));
  const proxy = await startProxy({ backendPort: server.port });
  const client = await connectRaw(proxy.port);
  client.send(HANDSHAKE);
  expect((await client.answerHead()).status).toBe(101);
  const [backend] = [...proxy.upstreams.values()].flatMap(({ backends }) => backends);
  expect(backend?.runtime.observed.peak(performance.now())).toBeGreaterThan(0);
});
