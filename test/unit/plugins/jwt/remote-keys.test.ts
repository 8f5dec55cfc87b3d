import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import jwt from '../../../../plugins/builtin/jwt/jwt.ts';
import { testPlugin, type TestedPlugin, type TestPluginSetting } from '../../../../plugins/testing.ts';
import { ask, ec, jwkOf, otherEc, setOf, sign } from './tokens.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
});

const before = setOf(jwkOf(ec.publicKey, { kid: 'old' }));
const after = setOf(jwkOf(otherEc.publicKey, { kid: 'new' }));
const old = (): Promise<string> => sign({ exp: 2e9 }, { header: { kid: 'old' } });
const rotated = (): Promise<string> =>
  sign({ exp: 2e9 }, { key: otherEc.privateKey, header: { kid: 'new' } });

interface Source {
  body: string | null;
  fetches: number;
}

function settingOf(source: Source): TestPluginSetting {
  return {
    upstreams: ['id'],
    request({ target }) {
      source.fetches += 1;
      if (source.body === null || target !== '/keys') throw new Error('nobody there');
      return { body: source.body };
    },
  };
}

const start = (source: Source, more: object = {}): Promise<TestedPlugin> =>
  testPlugin(
    jwt,
    { jwks: { upstream: 'id', path: '/keys', refresh: '10m', staleFor: '1h', coolDown: '30s', ...more } },
    settingOf(source),
  );

test('the set is fetched once, and again ahead of its end, without a request that waits for it', async () => {
  const source = { body: before, fetches: 0 };
  await using tested = await start(source);
  for (let i = 0; i < 3; i++) expect((await ask(tested, await old())).status).toBe(200);
  expect(source.fetches).toBe(1);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(source.fetches).toBe(2);
});

test('a new key is taken up at once, and one that has gone is good no longer', async () => {
  const source = { body: before, fetches: 0 };
  await using tested = await start(source);
  const token = await old();
  expect((await ask(tested, token)).status).toBe(200);
  source.body = after;
  await vi.advanceTimersByTimeAsync(29_000);
  expect(await ask(tested, await rotated())).toMatchObject({ status: 401, log: { jwt: 'unknown key' } });
  await vi.advanceTimersByTimeAsync(1000);
  expect((await ask(tested, await rotated())).status).toBe(200);
  expect(source.fetches).toBe(2);
  expect((await ask(tested, token)).status).toBe(401);
});

test('while the source is away the keys of before are good, but not for ever', async () => {
  const source: Source = { body: before, fetches: 0 };
  await using tested = await start(source);
  expect((await ask(tested, await old())).status).toBe(200);
  source.body = null;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect((await ask(tested, await old())).status).toBe(200);
  expect(tested.logs.at(-1)).toMatchObject({ level: 'warn', fields: { reason: 'nobody there' } });
  await vi.advanceTimersByTimeAsync(600_000);
  const away = await ask(tested, await old());
  expect(away).toMatchObject({ status: 503, log: { jwt: 'no keys' } });
  expect(away.headers.get('retry-after')).toBe('1');
  source.body = before;
  await vi.advanceTimersByTimeAsync(60_000);
  expect((await ask(tested, await old())).status).toBe(200);
});

test('it starts without its source: 503, and not 401, until there are keys', async () => {
  const source: Source = { body: null, fetches: 0 };
  await using tested = await start(source);
  for (let i = 0; i < 20; i++) expect((await ask(tested, await old())).status).toBe(503);
  expect(source.fetches).toBe(1);
  source.body = before;
  await vi.advanceTimersByTimeAsync(1000);
  expect((await ask(tested, await old())).status).toBe(200);
});

test.each([
  ['no JSON', 'keys'],
  ['no set', '[]'],
  ['no public key', '{"keys":[{"kty":"oct","k":"AAAA"}]}'],
  ['too large', JSON.stringify({ keys: [jwkOf(ec.publicKey, { kid: 'x'.repeat(256 * 1024) })] })],
  ['too many keys', setOf(...Array.from({ length: 101 }, () => jwkOf(ec.publicKey)))],
])('a set that is %s is not taken', async (_, body) => {
  const source: Source = { body, fetches: 0 };
  await using tested = await start(source);
  expect((await ask(tested, await old())).status).toBe(503);
  expect(tested.logs).toHaveLength(1);
});

test('a token without a key’s name is tried with the keys that fit, few of them', async () => {
  const source = {
    body: setOf(jwkOf(otherEc.publicKey, { kid: 'a' }), jwkOf(ec.publicKey, { kid: 'b' }), {
      kty: 'EC',
      crv: 'P-256',
      kid: 'broken',
    }),
    fetches: 0,
  };
  await using tested = await start(source);
  expect((await ask(tested, await sign({ exp: 2e9 }))).status).toBe(200);
  source.body = setOf(...Array.from({ length: 4 }, () => jwkOf(otherEc.publicKey)), jwkOf(ec.publicKey));
  await vi.advanceTimersByTimeAsync(600_000);
  expect((await ask(tested, await sign({ exp: 2e9 }))).status).toBe(401);
});

test('nothing is fetched when the instance is closed', async () => {
  const source = { body: before, fetches: 0 };
  const tested = await start(source);
  expect((await ask(tested, await old())).status).toBe(200);
  await tested.close();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(source.fetches).toBe(1);
});
