import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { connectTls } from '../../support/tls-client.ts';
import { request, startHttps } from './setup.ts';

test('a listener that drains waits for no client that has not begun to speak', async () => {
  const { proxy } = await startHttps({ tls: { handshakeTimeout: '1m' } });
  const silent = await connectRaw(proxy.port);
  const client = await connectTls(proxy.port);
  client.send(request);
  expect((await client.answer()).status).toBe(200);
  await poll(() => proxy.service.counters.connections === 2);
  const drained = proxy.drain();
  await Promise.all([silent.end(), client.end()]);
  await drained;
});
