import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import rateLimit from '../../../../plugins/builtin/rate-limit/rate-limit.ts';
import { testPlugin, type TestedPlugin, type TestPluginRequest } from '../../../../plugins/testing.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

/** The statuses of so many requests. */
async function send(
  tested: TestedPlugin,
  count: number,
  request: TestPluginRequest = {},
): Promise<unknown[]> {
  const statuses: unknown[] = [];
  for (let i = 0; i < count; i++) statuses.push((await tested.request(request)).status);
  return statuses;
}

describe('rate-limit', () => {
  test('refuses what is above the rate with 429, and says when to come again', async () => {
    await using tested = await testPlugin(rateLimit, { limits: [{ requests: 2, per: '10s' }] });
    expect(await send(tested, 2)).toEqual([200, 200]);
    const refused = await tested.request();
    expect(refused.status).toBe(429);
    expect(refused.request).toBeNull();
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(refused.headers.get('ratelimit')).toBe('"per-10000ms";r=0;t=5');
    expect(refused.log).toEqual({ rateLimit: 'refused' });
    vi.advanceTimersByTime(4999);
    expect(await send(tested, 1)).toEqual([429]);
    vi.advanceTimersByTime(1);
    expect(await send(tested, 2)).toEqual([200, 429]);
    expect(tested.status()).toEqual({ keys: 1, forgotten: 0, allowed: 3, refused: 3 });
  });

  test('tells the limits, and what is left of them, on each answer', async () => {
    await using tested = await testPlugin(rateLimit, {
      limits: [
        { requests: 10, per: '1s' },
        { requests: 60, per: '1m', name: 'minute' },
      ],
    });
    const { headers } = await tested.request({}, { headers: { ratelimit: '"backend";r=1' } });
    expect(headers.get('ratelimit-policy')).toBe('"per-second";q=10;w=1, "minute";q=60;w=60');
    expect(headers.get('ratelimit')).toBe('"backend";r=1, "per-second";r=9;t=1, "minute";r=59;t=1');
  });

  test('headers: false tells nothing but Retry-After', async () => {
    await using tested = await testPlugin(rateLimit, {
      limits: [{ requests: 1, per: '1s' }],
      headers: false,
    });
    expect((await tested.request()).headers.has('ratelimit')).toBe(false);
    const refused = await tested.request();
    expect(refused.headers.has('ratelimit')).toBe(false);
    expect(refused.headers.get('retry-after')).toBe('1');
  });

  test('a request must fit every limit, and one that does not takes of none', async () => {
    await using tested = await testPlugin(rateLimit, {
      limits: [
        { requests: 1, per: '1s' },
        { requests: 3, per: '1h' },
      ],
    });
    expect(await send(tested, 5)).toEqual([200, 429, 429, 429, 429]);
    vi.advanceTimersByTime(1000);
    expect(await send(tested, 1)).toEqual([200]);
    vi.advanceTimersByTime(1000);
    expect(await send(tested, 1)).toEqual([200]);
    vi.advanceTimersByTime(1000);
    const refused = await tested.request();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1000);
  });

  test.each<[string, unknown, TestPluginRequest, TestPluginRequest, boolean]>([
    ['address', 'address', { client: '192.0.2.1' }, { client: '192.0.2.2' }, false],
    ['address: a /64', 'address', { client: '2001:db8::1' }, { client: '2001:db8::ffff:1' }, true],
    ['address: another /64', 'address', { client: '2001:db8::1' }, { client: '2001:db8:0:1::1' }, false],
    ['address: IPv4-mapped', 'address', { client: '192.0.2.1' }, { client: '::ffff:192.0.2.1' }, true],
    ['everyone', 'everyone', { client: '192.0.2.1' }, { client: '192.0.2.2' }, true],
    ['header', 'header:X-Key', { headers: { 'x-key': 'a' } }, { headers: { 'x-key': 'b' } }, false],
    [
      'header, from elsewhere',
      'header:X-Key',
      { headers: { 'x-key': 'a' }, client: '192.0.2.1' },
      { headers: { 'x-key': 'a' }, client: '192.0.2.2' },
      true,
    ],
    [
      'cookie',
      'cookie:sid',
      { headers: { cookie: 'a=1; sid=x' } },
      { headers: { cookie: 'sid=x; b=2' } },
      true,
    ],
    [
      'another cookie',
      'cookie:sid',
      { headers: { cookie: 'sid=x' } },
      { headers: { cookie: 'sid=y' } },
      false,
    ],
    ['path', 'path', { url: '/a?1' }, { url: '/a?2' }, true],
    ['another path', 'path', { url: '/a' }, { url: '/b' }, false],
    [
      'composed',
      ['address', 'path'],
      { url: '/a', client: '192.0.2.1' },
      { url: '/a', client: '192.0.2.2' },
      false,
    ],
    ['composed, the same', ['address', 'path'], { url: '/a' }, { url: '/a' }, true],
    [
      'security: no key is counted by address',
      'header:x-key',
      { client: '192.0.2.1' },
      { client: '192.0.2.1', headers: { 'x-other': '1' } },
      true,
    ],
    [
      'security: another port is no other host',
      'host',
      { url: 'http://a.example/' },
      { url: 'http://a.example:8081/' },
      true,
    ],
    ['another host', 'host', { url: 'http://a.example/' }, { url: 'http://b.example/' }, false],
    [
      'security: a key cannot be made to look like another',
      ['header:a', 'header:b'],
      { headers: { a: 'x"|="y', b: 'z' } },
      { headers: { a: 'x', b: 'y"|="z' } },
      false,
    ],
    [
      'security: long keys differ',
      'header:x-key',
      { headers: { 'x-key': `${'a'.repeat(8000)}1` } },
      { headers: { 'x-key': `${'a'.repeat(8000)}2` } },
      false,
    ],
  ])('key by %s', async (_, key, first, second, same) => {
    await using tested = await testPlugin(rateLimit, { limits: [{ requests: 1, per: '1h' }], key });
    expect(await send(tested, 1, first)).toEqual([200]);
    expect(await send(tested, 1, second)).toEqual([same ? 429 : 200]);
    expect(await send(tested, 1, first)).toEqual([429]);
  });

  test('the number of keys is bounded: what was asked for the longest ago is forgotten, and counted', async () => {
    await using tested = await testPlugin(rateLimit, { limits: [{ requests: 1, per: '1h' }], maxKeys: 2 });
    for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.3'])
      await send(tested, 1, { client });
    expect(tested.status()).toMatchObject({ keys: 2, forgotten: 1 });
    expect(await send(tested, 1, { client: '192.0.2.1' })).toEqual([429]);
    expect(await send(tested, 1, { client: '192.0.2.2' })).toEqual([200]);
  });

  test('exempt addresses are not counted', async () => {
    await using tested = await testPlugin(rateLimit, {
      limits: [{ requests: 1, per: '1h' }],
      key: 'everyone',
      exempt: ['10.0.0.0/8'],
    });
    expect(await send(tested, 3, { client: '10.1.2.3' })).toEqual([200, 200, 200]);
    expect(await send(tested, 2)).toEqual([200, 429]);
  });

  test('dryRun refuses nothing, and says what it would have refused', async () => {
    await using tested = await testPlugin(rateLimit, { limits: [{ requests: 1, per: '1h' }], dryRun: true });
    await tested.request();
    const second = await tested.request();
    expect(second.status).toBe(200);
    expect(second.log).toEqual({ rateLimit: 'would refuse' });
    expect(tested.status()).toMatchObject({ allowed: 1, refused: 1 });
  });

  test.each<[unknown, string]>([
    [{}, 'options.limits: missing: expected a list'],
    [{ limits: [] }, 'at least one limit'],
    [{ limits: [{ requests: 0, per: '1s' }] }, 'options.limits.0.requests: expected an integer from 1'],
    [{ limits: [{ requests: 1, per: 1 }] }, 'options.limits.0.per: expected a duration like "5s", found 1'],
    [{ limits: [{ requests: 1, per: '1s' }], kee: 'path' }, 'did you mean `key`?'],
    [
      { limits: [{ requests: 1, per: '1s' }], key: 'header' },
      'expected "everyone", one of "address", "host", "method", "path", "header:NAME", "cookie:NAME", or a list of these, found "header"',
    ],
    [
      { limits: [{ requests: 1, per: '1s' }], exempt: ['10.0.0.0/33'] },
      'options.exempt.0: expected an address',
    ],
    [
      { limits: [{ requests: 1, per: '1s', burst: 2 }], algorithm: 'sliding-window' },
      'options.limits.0.burst: a sliding window has no burst',
    ],
    [
      {
        limits: [
          { requests: 1, per: '1s' },
          { requests: 2, per: '1s' },
        ],
      },
      'two limits "per-second"',
    ],
  ])('refuses the options %j', async (options, message) => {
    await expect(testPlugin(rateLimit, options)).rejects.toThrow(message);
  });
});
