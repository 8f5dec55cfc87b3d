import { expect, test } from 'vitest';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { answers, startNumbered } from './setup.ts';

test('each range goes to its backends, and to none of the others when they are down', async () => {
  const backends = (await startNumbered(3)).map(({ port }) => ({ address: `127.0.0.1:${port}` }));
  const rows = backends.map(({ address }) => [address]);
  const scheduler = {
    type: 'key-ranges',
    key: 'query(id)',
    ranges: [
      { from: 0, to: 100, backends: rows[0] },
      { from: 100, backends: rows[1] },
    ],
  };
  const proxy = await startProxy({ upstreams: { site: { scheduler, backends } } });
  expect(await answers(proxy, [['/?id=99'], ['/?id=100'], ['/?id=5'], ['/?id=7000000']])).toEqual([
    '0',
    '1',
    '0',
    '1',
  ]);
  expect((await answers(proxy, [['/?id=x'], ['/'], ['/?id=-1']])).toSorted()).toEqual(['0', '1', '2']);

  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  runtime.health = 'down';
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/?id=5'))).status).toBe(503);
  expect((await client.request(get('/?id=500'))).body).toBe('1');
  const { error, errorDetail } = await entry(proxy, 9).then(
    () => proxy.entries[7] ?? { error: null, errorDetail: null },
  );
  expect([error, errorDetail]).toEqual([
    'no-backend',
    'no backend of site takes requests with the key of this one',
  ]);
});
