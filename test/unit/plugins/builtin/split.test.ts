import { expect, test } from 'vitest';
import split from '../../../../plugins/builtin/split.ts';
import { testPlugin, type TestPluginRequest } from '../../../../plugins/testing.ts';

const upstreams = ['stable', 'canary'];

async function share(options: object, requests: Iterable<TestPluginRequest>): Promise<number> {
  await using tested = await testPlugin(split, options, { upstreams });
  let canary = 0;
  let all = 0;
  for (const request of requests) {
    if ((await tested.request(request)).upstream === 'canary') canary++;
    all++;
  }
  return canary / all;
}

function* clients(count: number): Iterable<TestPluginRequest> {
  for (let i = 0; i < count; i++) yield { client: `10.0.${i >> 8}.${i & 255}` };
}

test.each([{}, { key: '{client_address}' }])('requests are shared out by weight: %j', async (more) => {
  const found = await share({ to: { canary: 1, stable: 3 }, ...more }, clients(4000));
  expect(found).toBeGreaterThan(0.21);
  expect(found).toBeLessThan(0.29);
});

test('a weight of 0 gets nothing', async () => {
  expect(await share({ to: { canary: 0, stable: 1 } }, clients(100))).toBe(0);
});

test('who has a key stays, and more follow when the weight grows', async () => {
  const placed = async (weight: number): Promise<(string | null)[]> => {
    await using tested = await testPlugin(
      split,
      { to: { canary: weight, stable: 100 - weight }, key: '{header.x-user}' },
      { upstreams },
    );
    return await Promise.all(
      Array.from({ length: 500 }, async (_, i) => {
        const { upstream } = await tested.request({ headers: { 'x-user': `user-${i}` } });
        return upstream;
      }),
    );
  };
  const before = await placed(10);
  const after = await placed(20);
  expect(await placed(10)).toEqual(before);
  for (const [i, upstream] of before.entries()) if (upstream === 'canary') expect(after[i]).toBe('canary');
  expect(after.filter((upstream) => upstream === 'canary').length).toBeGreaterThan(
    before.filter((upstream) => upstream === 'canary').length,
  );
});

test('a cookie remembers where a client went', async () => {
  const options = { to: { canary: 50, stable: 50 }, cookie: { name: 'cohort', maxAge: '30d' } };
  await using tested = await testPlugin(split, options, { upstreams });
  const first = await tested.request({ url: 'https://a.example/' });
  const cookie = first.headers.get('set-cookie') ?? '';
  expect(cookie).toBe(`cohort=${first.upstream}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure`);
  expect(first.log).toEqual({ split: first.upstream });
  for (let i = 0; i < 20; i++) {
    const next = await tested.request({ headers: { Cookie: cookie.split(';')[0] ?? '' } });
    expect(next.upstream).toBe(first.upstream);
    expect(next.headers.has('set-cookie')).toBe(false);
  }
});

test('a remembered upstream that is taken out, or unknown, is given up', async () => {
  const options = { to: { canary: 0, stable: 1 }, cookie: { name: 'cohort' } };
  await using tested = await testPlugin(split, options, { upstreams });
  for (const value of ['canary', 'internal', '__proto__', '']) {
    const answer = await tested.request({ headers: { Cookie: `cohort=${value}` } });
    expect(answer.upstream).toBe('stable');
    expect(answer.headers.get('set-cookie')).toContain('cohort=stable;');
  }
});

test('a request may name its upstream itself, of those that there are', async () => {
  await using tested = await testPlugin(
    split,
    { to: { canary: 0, stable: 1 }, header: 'X-Cohort' },
    { upstreams: [...upstreams, 'internal'] },
  );
  expect((await tested.request({ headers: { 'x-cohort': 'canary' } })).upstream).toBe('canary');
  expect((await tested.request({ headers: { 'x-cohort': 'internal' } })).upstream).toBe('stable');
  expect((await tested.request({ headers: { 'x-cohort': 'constructor' } })).upstream).toBe('stable');
  expect(tested.status()).toEqual({ canary: 1, stable: 2 });
});

test.each([
  [{ to: {} }, 'options.to: expected a weight above 0'],
  [{ to: { a: -1 } }, 'options.to.a: expected a weight of 0 or more, found -1'],
  [{ to: { a: 1 }, cookie: { name: 'a b' } }, "cookie.name: expected a cookie's name"],
  [{ to: { a: 1 }, cookie: { name: 'a' }, key: '{path}' }, 'one of both'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(split, options)).rejects.toThrow(message);
});
