import { expect, test } from 'vitest';
import { ok } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';
import { answers, startNumbered } from './setup.ts';

test('backends get what they ask for in a header, which clients do not see', async () => {
  const weights = ['30', '10'];
  const backends = await startNumbered(
    2,
    (number) => (request) => request.reply(ok(String(number), `X-Weight: ${weights[number]}`)),
  );
  const scheduler = { type: 'dynamic-ratio', header: 'X-Weight' };
  const proxy = await startProxy({
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 2; i++) expect((await client.request(get('/'))).header('x-weight')).toBeNull();
  const got = await answers(
    proxy,
    Array.from({ length: 40 }, () => ['/'] as const),
  );
  expect(got.filter((name) => name === '0').length).toBeCloseTo(30, -1);

  weights[0] = '0';
  await answers(
    proxy,
    Array.from({ length: 4 }, () => ['/'] as const),
  );
  const only = await answers(
    proxy,
    Array.from({ length: 10 }, () => ['/'] as const),
  );
  expect(new Set(only)).toEqual(new Set(['1']));
});

test.each(['', '-1', '1.5', '65536', '1e3', '10, 20', 'much'])(
  'a report of "%s" changes nothing',
  async (value) => {
    const [backend] = await startNumbered(1, () => (request) => request.reply(ok('', `X-Weight: ${value}`)));
    const scheduler = { type: 'dynamic-ratio', header: 'x-weight' };
    const proxy = await startProxy({ upstreams: site([backend?.port ?? 0], { scheduler }) });
    await answers(proxy, [['/']]);
    expect(proxy.upstreams.get('site')?.backends[0]?.runtime.reportedWeight).toBeNull();
  },
);
