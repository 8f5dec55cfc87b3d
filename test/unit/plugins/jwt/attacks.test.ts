import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import jwt from '../../../../plugins/builtin/jwt/jwt.ts';
import { testPlugin } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';
import { ask, ec, encode, forge, jwkOf, otherEc, pemOf, rsa, secret, setOf, sign, soon } from './tokens.ts';

const set = setOf(
  jwkOf(rsa.publicKey, { kid: 'rsa', alg: 'RS256', use: 'sig' }),
  jwkOf(ec.publicKey, { kid: 'ec' }),
  { kty: 'oct', kid: 'oct', k: encode('a secret that stands in a set for all to read') },
);
const settings = { upstreams: ['id'], request: () => ({ body: set }) };
const options = { jwks: { upstream: 'id' }, claimsToHeaders: { sub: 'X-User' } };
const claims = { sub: 'root', exp: soon() };

/** Signed by HMAC with what is no secret. */
function signedWith(key: string | Buffer, header: object): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

const good = await sign({}, { header: { kid: 'ec' } });
const [head = '', body = '', signature = ''] = good.split('.');
const own = jwkOf(otherEc.publicKey, { kid: 'own' });
const by = (header: object): Promise<string> =>
  sign(claims, { key: otherEc.privateKey, header: { ...header } });

test.each([
  ['alg none', forge({ alg: 'none' }, claims, '')],
  ['alg none with a signature', forge({ alg: 'none' }, claims)],
  ['alg None', forge({ alg: 'None' }, claims, '')],
  ['no alg', forge({ typ: 'JWT' }, claims)],
  ['an alg that is no text', forge({ alg: ['ES256'] }, claims)],
  ['a public key as the secret of an HMAC', signedWith(pemOf(rsa.publicKey), { alg: 'HS256', kid: 'rsa' })],
  ['a JWK as the secret of an HMAC', signedWith(JSON.stringify(jwkOf(rsa.publicKey)), { alg: 'HS256' })],
  [
    'a secret of the set',
    signedWith('a secret that stands in a set for all to read', { alg: 'HS256', kid: 'oct' }),
  ],
  [
    'a key for another algorithm',
    await sign(claims, { alg: 'PS256', key: rsa.privateKey, header: { kid: 'rsa' } }),
  ],
  ['a signature taken off', `${head}.${body}.`],
  ['a signature taken off with its dot', `${head}.${body}`],
  ['a signature with another end', `${head}.${body}.${signature.slice(0, -4)}AAAA`],
  ['an empty signature of zeros (r = s = 0)', `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`],
  ['other claims under a good signature', `${head}.${encode(claims)}.${signature}`],
  ['its own key in the header (jwk)', await by({ jwk: own })],
  ['the place of its own key (jku)', await by({ jku: 'https://evil.example/keys', kid: 'own' })],
  ['its own certificate (x5u, x5c)', await by({ x5u: 'https://evil.example/', x5c: ['MIIB'] })],
  ['a path as kid', await by({ kid: '../../../../dev/null' })],
  ['a query as kid', await by({ kid: "x' UNION SELECT 'secret" })],
  ['the prototype as kid', await by({ kid: '__proto__' })],
  ['an object as kid', await by({ kid: { toString: 'ec' } })],
  ['a kid that another has', await by({ kid: 'ec' })],
  ['a part that must be understood (crit)', forge({ alg: 'ES256', crit: ['x'], x: 1 }, claims)],
  ['an unencoded body (b64)', forge({ alg: 'ES256', crit: ['b64'], b64: false }, claims)],
  ['two algs in its header', forge('{"alg":"none","alg":"ES256"}', claims)],
  ['five parts, as if encrypted', `${good}.AAAA.AAAA`],
  ['a body that is no object', await signText('"root"')],
  ['something behind it', `${good} x`],
  ['expired', await sign({ exp: soon() - 700 })],
  ['not good yet', await sign({ nbf: soon() })],
  ['an end that is text', await signText(`{"sub":"root","exp":"${soon()}"}`)],
  ['an end beyond all numbers', await signText('{"sub":"root","exp":1e999}')],
  ['no end', await signText('{"sub":"root"}')],
  ['a claim twice', await signText(`{"sub":"kim","exp":${soon()},"sub":"root"}`)],
  ['a claim twice, spelt otherwise', await signText(`{"sub":"kim","exp":${soon()},"s\\u0075b":"root"}`)],
])('attack: a token with %s does not get in', async (_, token) => {
  await using tested = await testPlugin(jwt, options, settings);
  const answer = await ask(tested, token);
  expect(answer).toMatchObject({ status: 401, request: null });
  expect(JSON.stringify([answer.log, tested.logs])).not.toContain(token.slice(-20));
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="Restricted", error="invalid_token"');
});

/** A body as it is, signed well. */
async function signText(text: string): Promise<string> {
  const { CompactSign } = await import('jose');
  return new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: 'ES256' }).sign(ec.privateKey);
}

test('attack: a huge token is not looked at', async () => {
  await using tested = await testPlugin(jwt, options, settings);
  const answer = await ask(tested, await sign({ pad: 'x'.repeat(8192) }));
  expect(answer).toMatchObject({ status: 401, log: { jwt: 'too long' } });
});

test.each([
  ['two Authorization fields', { Authorization: [`Bearer ${good}`, 'Bearer x'] }],
  [
    'two Authorization fields, one of another scheme',
    { Authorization: ['Basic a2ltOng=', `Bearer ${good}`] },
  ],
  ['another one in a cookie', { Authorization: `Bearer ${good}`, Cookie: 'session=x' }],
  ['two cookies of one name', { Cookie: `session=x; a=b; session=${good}` }],
])('attack: %s: who of us takes which?', async (_, headers) => {
  const from = ['authorization', 'cookie:session'];
  await using tested = await testPlugin(jwt, { ...options, from }, settings);
  const answer = await tested.request({ headers });
  expect(answer).toMatchObject({ status: 400, request: null, log: { jwt: 'ambiguous' } });
});

test('attack: a claim cannot add a field, or pass for another value', async () => {
  await using tested = await testPlugin(
    jwt,
    { jwks: { upstream: 'id' }, claimsToHeaders: { name: 'X-Name', list: 'X-List', deep: 'X-Deep' } },
    settings,
  );
  const token = await sign({
    name: 'Zoë\r\nX-Admin: yes%20',
    list: ['a', 'b,admin', 'ü'],
    deep: { 'a\n': ['ü', '\u2028'] },
  });
  const { request } = await ask(tested, token);
  expect(request?.headers.get('x-name')).toBe('Zo%C3%AB%0D%0AX-Admin: yes%2520');
  expect(request?.headers.get('x-list')).toBe('a,b%2Cadmin,%C3%BC');
  expect(request?.headers.get('x-deep')).toBe(String.raw`{"a\n":["\u00fc","\u2028"]}`);
  const long = await ask(tested, await sign({ name: 'ü'.repeat(2000) }));
  expect(long).toMatchObject({ status: 401, log: { jwt: 'claim too long' } });
});

test('attack: a flood of tokens with made-up keys makes one fetch in a cool-down', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let fetches = 0;
  const request = () => {
    fetches += 1;
    return { body: set };
  };
  await using tested = await testPlugin(
    jwt,
    { jwks: { upstream: 'id', coolDown: '30s', refresh: '1h' } },
    { upstreams: ['id'], request },
  );
  expect((await ask(tested, good)).status).toBe(200);
  vi.advanceTimersByTime(30_000);
  // Nothing is fetched for what could not be good.
  for (const alg of ['none', 'HS256'])
    expect((await ask(tested, forge({ alg, kid: 'made up' }, claims))).status).toBe(401);
  expect(fetches).toBe(1);
  const tokens = await Promise.all(
    Array.from({ length: 90 }, (_, i) =>
      sign(claims, { key: otherEc.privateKey, header: { kid: `made up ${i}` } }),
    ),
  );
  const answers = await Promise.all(tokens.map((token) => ask(tested, token)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  // Those that come while it is under way wait for the same one.
  expect(fetches).toBe(2);
});

test('attack: a token of a secret that was replaced is good no longer, remembered or not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'secret');
  await writeFile(file, secret);
  await using tested = await testPlugin(jwt, { secrets: [{ file: 'secret' }] }, { folder });
  const stolen = await sign({}, { alg: 'HS256', key: Buffer.from(secret) });
  for (let i = 0; i < 2; i++) expect((await ask(tested, stolen)).status).toBe(200);
  await writeFile(file, secret.toUpperCase());
  tested.fileChanged(file);
  await poll(() => tested.logs.some(({ message }) => message === 'a changed file was read'));
  expect(await ask(tested, stolen)).toMatchObject({ status: 401, log: { jwt: 'signature' } });
});

test.each([
  ['a number beyond all numbers', '1e999'],
  ['one below all numbers', '-1e999'],
])('attack: a claim that is %s is no fault of the plugin', async (_, value) => {
  await using tested = await testPlugin(
    jwt,
    { jwks: { upstream: 'id' }, claimsToRules: ['level'] },
    settings,
  );
  const token = await signText(`{"sub":"kim","exp":${soon()},"level":${value}}`);
  expect(await ask(tested, token)).toMatchObject({ status: 401, log: { jwt: 'claim too large' } });
});

test.each(['Bearer\t', 'bearer \t', 'BEARER\t '])(
  'attack: a bad token behind %j does not pass for none',
  async (scheme) => {
    await using tested = await testPlugin(jwt, { ...options, optional: true }, settings);
    const answer = await tested.request({
      headers: { Authorization: `${scheme}${forge({ alg: 'none' }, claims)}` },
    });
    expect(answer).toMatchObject({ status: 401, request: null });
  },
);

test('attack: made-up keys that wait for a slow source do not keep out who has a good token', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const slow = Promise.withResolvers<void>();
  let fetches = 0;
  const request = async () => {
    fetches += 1;
    if (fetches > 1) await slow.promise;
    return { body: set };
  };
  await using tested = await testPlugin(
    jwt,
    { jwks: { upstream: 'id', refresh: '1h' } },
    { upstreams: ['id'], request },
  );
  expect((await ask(tested, good)).status).toBe(200);
  vi.advanceTimersByTime(30_000);
  const tokens = Array.from({ length: 1500 }, (_, i) => forge({ alg: 'ES256', kid: `made up ${i}` }, claims));
  const flood = tokens.map((token) => ask(tested, token));
  await vi.waitUntil(() => fetches === 2);
  const other = await sign({ sub: 'lee' }, { header: { kid: 'ec' } });
  await vi.waitUntil(async () => (await ask(tested, other)).status === 200);
  slow.resolve();
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(100);
  expect(statuses.filter((status) => status === 503)).toHaveLength(1400);
});
