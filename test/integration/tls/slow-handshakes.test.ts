import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { connectTls } from '../../support/tls-client.ts';
import { request, startHttps } from './setup.ts';

test('clients that say nothing keep others out for a second at most, whatever the time limit', async () => {
  const { proxy } = await startHttps({ tls: { maxHandshakes: 2, handshakeTimeout: '1m' } });
  const begun = performance.now();
  const silent = [await connectRaw(proxy.port), await connectRaw(proxy.port)];
  silent[1]?.send(Buffer.from([22, 3, 1]).toString('latin1'));
  await poll(() => proxy.service.counters.connections === 2);
  await expect(connectTls(proxy.port)).rejects.toMatchObject({ code: 'ECONNRESET' });
  const client = await poll(() => connectTls(proxy.port).catch(() => false as const));
  expect(performance.now() - begun).toBeGreaterThan(900);
  client.send(request);
  expect((await client.answer()).status).toBe(200);
  // The one that waited for the longest has made room.
  await silent[0]?.end();
  expect(proxy.service.counters.connections).toBe(2);
});
