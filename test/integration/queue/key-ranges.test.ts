import { expect, test } from 'vitest';
import type { DataPath } from '../../support/data-path.ts';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { poll } from '../../support/poll.ts';
import { startProxy } from '../http1/setup.ts';

/** Two backends, for keys below 100 and others, that answer nothing of themselves. */
async function startRanges(within = false): Promise<{ proxy: DataPath; servers: RawBackend[] }> {
  const servers = await Promise.all([0, 1].map(() => startRawBackend(() => undefined)));
  const [low = '', high = ''] = servers.map(({ port }) => `127.0.0.1:${port}`);
  const ranges = {
    scheduler: {
      type: 'key-ranges',
      key: 'query(id)',
      ranges: [
        { to: 100, backends: [low] },
        { from: 100, backends: [high] },
      ],
    },
    maxConnections: 1,
    backends: [{ address: low }, { address: high }],
  };
  const queue = { timeout: '1h' };
  const proxy = await startProxy({
    upstreams: within
      ? { site: { queue, backends: [{ upstream: 'ranges' }] }, ranges }
      : { site: { queue, ...ranges } },
  });
  return { proxy, servers };
}

test.each([
  ['', false],
  [' of an upstream within', true],
])('a key whose backend%s is full waits for that one, while others are free', async (_, within) => {
  const { proxy, servers } = await startRanges(within);
  const [low, high] = servers;
  const [first, second, other] = [
    await connectRaw(proxy.port),
    await connectRaw(proxy.port),
    await connectRaw(proxy.port),
  ];
  first.send(get('/?id=1'));
  await poll(() => low?.requests.length === 1);
  second.send(get('/?id=2'));
  await poll(() => proxy.upstreams.get('site')?.queue.length === 1);
  other.send(get('/?id=200'));
  await poll(() => high?.requests.length === 1);
  low?.requests[0]?.reply(ok('first'));
  expect((await first.answer()).body).toBe('first');
  await poll(() => low?.requests.length === 2);
  low?.requests[1]?.reply(ok('second'));
  high?.requests[0]?.reply(ok('other'));
  expect([(await second.answer()).body, (await other.answer()).body]).toEqual(['second', 'other']);
});

test('a key whose backend is down does not wait for one, though all others are full', async () => {
  const { proxy, servers } = await startRanges();
  const [, high] = servers;
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  runtime.health = 'down';
  const other = await connectRaw(proxy.port);
  other.send(get('/?id=200'));
  await poll(() => high?.requests.length === 1);
  expect((await (await connectRaw(proxy.port)).request(get('/?id=1'))).status).toBe(503);
  expect(proxy.entries[0]?.error).toBe('no-backend');
  high?.requests[0]?.reply(ok('other'));
  expect((await other.answer()).body).toBe('other');
});
