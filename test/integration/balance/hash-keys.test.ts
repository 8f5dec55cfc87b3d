import { expect, test } from 'vitest';
import { site, startProxy } from '../http1/setup.ts';
import { answers, startNumbered } from './setup.ts';

const numbers = Array.from({ length: 40 }, (_, i) => i);

test.each<[key: string, request: (user: number) => readonly [string, ...string[]]]>([
  ['header(x-user)', (user) => ['/', `X-User: user${user}`]],
  ['cookie(sid)', (user) => ['/', `Cookie: other=1; sid=user${user}`]],
  ['query(user)', (user) => [`/any${user % 3}?a=1&user=user${user}`]],
  ['uri', (user) => [`/page?user=${user}`]],
  ['path', (user) => [`/pages/${user}?any=${Math.random()}`]],
])('requests with the same %s go to the same backend, the others anywhere', async (key, request) => {
  const backends = await startNumbered(3);
  const scheduler = { type: 'consistent-hash', key };
  const proxy = await startProxy({
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const first = await answers(proxy, numbers.map(request));
  expect(new Set(first)).toEqual(new Set(['0', '1', '2']));
  const again = await answers(proxy, numbers.toReversed().map(request));
  expect(again.toReversed()).toEqual(first);
});

test('one client, one backend, by its address', async () => {
  const backends = await startNumbered(3);
  const scheduler = { type: 'maglev', key: 'source' };
  const proxy = await startProxy({
    listener: { forwarded: { trust: ['127.0.0.1'] } },
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const from = (client: number) => ['/', `X-Forwarded-For: 203.0.113.${client}`] as const;
  const first = await answers(proxy, numbers.map(from));
  expect(new Set(first).size).toBe(3);
  expect(await answers(proxy, numbers.map(from))).toEqual(first);
  expect(
    new Set(
      await answers(
        proxy,
        numbers.map(() => ['/'] as const),
      ),
    ).size,
  ).toBe(1);
});

test('requests without the key take turns', async () => {
  const backends = await startNumbered(3);
  const scheduler = { type: 'maglev', key: 'header(x-user)' };
  const proxy = await startProxy({
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const anonymous = numbers
    .slice(0, 6)
    .map((i) => (i % 2 === 0 ? (['/'] as const) : (['/', 'X-User:'] as const)));
  expect((await answers(proxy, anonymous)).toSorted()).toEqual(['0', '0', '1', '1', '2', '2']);
});
