import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWTPayload } from 'jose';
import { expect, onTestFinished, test, vi } from 'vitest';
import jwt from '../../../../plugins/builtin/jwt/jwt.ts';
import { testPlugin } from '../../../../plugins/testing.ts';
import { certificate } from '../../../support/certificates.ts';
import { poll } from '../../../support/poll.ts';
import { ask, ec, otherEc, pemOf, rsa, secret, sign, soon } from './tokens.ts';

const publicKey = pemOf(ec.publicKey);

test('who has a good token gets in, and backends and rules learn what it says', async () => {
  await using tested = await testPlugin(jwt, {
    publicKey,
    claimsToHeaders: { sub: 'X-User', 'realm_access.roles': 'X-Roles' },
    claimsToRules: ['sub', 'realm_access.roles', 'missing'],
  });
  const token = await sign({ realm_access: { roles: ['a', 'b,c'] } });
  const answer = await tested.request({
    headers: { Authorization: `Bearer ${token}`, 'X-User': 'root', x_user: 'root', X_Roles: 'all' },
  });
  expect(answer).toMatchObject({
    status: 200,
    log: { user: 'kim' },
    variables: { 'jwt.sub': 'kim', 'jwt.realm_access.roles': '["a","b,c"]' },
  });
  expect([...(answer.request?.headers ?? [])]).toEqual([
    ['Authorization', `Bearer ${token}`],
    ['Host', 'localhost'],
    ['X-User', 'kim'],
    ['X-Roles', 'a,b%2Cc'],
  ]);
});

test('who has none is told that one is needed, and no more (RFC 6750 3.1)', async () => {
  await using tested = await testPlugin(jwt, { publicKey, realm: 'The office' });
  const none = await tested.request();
  expect(none).toMatchObject({ status: 401, request: null, log: { jwt: 'missing' } });
  expect(none.headers.get('www-authenticate')).toBe('Bearer realm="The office"');
  const basic = await tested.request({ headers: { Authorization: 'Basic a2ltOng=' } });
  expect(basic).toMatchObject({ status: 401, log: { jwt: 'missing' } });
  const bad = await ask(tested, await sign({ exp: 1 }));
  expect(bad).toMatchObject({ status: 401, text: 'A good token is needed.\n', log: { jwt: 'expired' } });
  expect(bad.headers.get('www-authenticate')).toBe('Bearer realm="The office", error="invalid_token"');
});

const large = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const edwards = generateKeyPairSync('ed25519');
test.each([
  ['RS256', rsa],
  ['PS512', rsa],
  ['ES256', ec],
  ['ES512', large],
  ['EdDSA', edwards],
])('%s is verified with a key of its kind', async (alg, pair) => {
  await using tested = await testPlugin(jwt, { publicKey: pemOf(pair.publicKey) });
  expect((await ask(tested, await sign({}, { alg, key: pair.privateKey }))).status).toBe(200);
});

test('a certificate will do as a public key, and one of several may have signed', async () => {
  const { cert, key } = certificate('one-rsa');
  await using tested = await testPlugin(jwt, { publicKey: `${publicKey}${cert}` });
  expect(tested.status()).toMatchObject({ keys: 2 });
  const { asymmetricKeyType } = createPrivateKey(key);
  const alg = asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
  expect((await ask(tested, await sign({}, { alg, key: createPrivateKey(key) }))).status).toBe(200);
  // A key's name counts only where keys have one.
  expect((await ask(tested, await sign({}, { header: { kid: 'any' } }))).status).toBe(200);
});

test('any of some secrets may have signed, and each is long enough for its hash', async () => {
  const long = 'a secret of sixty-four characters, so that HS512 may use it too..';
  await using tested = await testPlugin(jwt, { secrets: [{ value: secret }, { value: long }] });
  const by = (alg: string, key: string) => sign({}, { alg, key: Buffer.from(key) });
  expect((await ask(tested, await by('HS256', secret))).status).toBe(200);
  expect((await ask(tested, await by('HS256', long))).status).toBe(200);
  expect((await ask(tested, await by('HS512', long))).status).toBe(200);
  expect((await ask(tested, await by('HS512', secret.padEnd(64)))).status).toBe(401);
});

test('secrets come from files and from the environment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'secret'), `${Buffer.from(secret).toString('base64')}\n`);
  process.env['JWT_TEST_SECRET'] = `${secret}!`;
  onTestFinished(() => void delete process.env['JWT_TEST_SECRET']);
  const secrets = [{ file: 'secret', encoding: 'base64' }, { env: 'JWT_TEST_SECRET' }];
  await using tested = await testPlugin(jwt, { secrets }, { folder });
  for (const key of [secret, `${secret}!`])
    expect((await ask(tested, await sign({}, { alg: 'HS256', key: Buffer.from(key) }))).status).toBe(200);
});

test('a changed file of keys counts at once, for tokens that were good before too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'keys.pem');
  await writeFile(file, pemOf(ec.publicKey));
  await using tested = await testPlugin(jwt, { publicKey: 'keys.pem' }, { folder });
  const old = await sign();
  expect((await ask(tested, old)).status).toBe(200);
  expect((await ask(tested, old)).status).toBe(200);
  expect(tested.status()).toEqual({ keys: 1, remembered: 1 });
  await writeFile(file, pemOf(otherEc.publicKey));
  tested.fileChanged(file);
  await poll(() => tested.logs.some(({ message }) => message === 'a changed file was read'));
  expect((await ask(tested, old)).status).toBe(401);
  expect((await ask(tested, await sign({}, { key: otherEc.privateKey }))).status).toBe(200);
});

test('issuer, audience, type and what else is expected', async () => {
  await using tested = await testPlugin(jwt, {
    publicKey,
    issuer: ['https://id.example/'],
    audience: ['api', 'web'],
    type: 'at+jwt',
    longest: '1h',
  });
  const good = { iss: 'https://id.example/', aud: ['other', 'api'], iat: soon() - 600 };
  const header = { typ: 'at+jwt' };
  expect((await ask(tested, await sign(good, { header }))).status).toBe(200);
  const cases: [string, JWTPayload, Record<string, unknown>][] = [
    ['claim iss', { ...good, iss: 'https://id.example' }, header],
    ['claim aud', { ...good, aud: ['other'] }, header],
    ['claim typ', good, { typ: 'JWT' }],
    ['expired', { ...good, iat: soon() - 5000 }, header],
    ['not yet', { ...good, nbf: soon() }, header],
  ];
  for (const [reason, claims, head] of cases)
    expect(await ask(tested, await sign(claims, { header: head }))).toMatchObject({
      status: 401,
      log: { jwt: reason },
    });
});

test('clocks may differ by a little', async () => {
  await using tested = await testPlugin(jwt, { publicKey, clockTolerance: '10s' });
  const now = soon() - 600;
  expect((await ask(tested, await sign({ exp: now - 5, nbf: now + 5 }))).status).toBe(200);
  expect((await ask(tested, await sign({ exp: now - 15 }))).status).toBe(401);
});

test('a token without what is required is not for this (403)', async () => {
  await using tested = await testPlugin(jwt, {
    publicKey,
    require: { scope: ['read', 'write'], claims: { groups: ['admin', 'ops'], email_verified: true } },
  });
  const good = { scope: 'write x read', groups: ['staff', 'ops'], email_verified: true };
  expect((await ask(tested, await sign(good))).status).toBe(200);
  expect((await ask(tested, await sign({ ...good, scope: undefined, scp: ['read', 'write'] }))).status).toBe(
    200,
  );
  for (const more of [
    { scope: 'readwrite' },
    { groups: 'admins' },
    { groups: [] },
    { email_verified: 'true' },
  ]) {
    const refused = await ask(tested, await sign({ ...good, ...more }));
    expect(refused).toMatchObject({ status: 403, request: null, log: { jwt: 'scope', user: 'kim' } });
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="Restricted", error="insufficient_scope", scope="read write"',
    );
  }
});

test('a token may be in a cookie, a field or the query, and is taken out where backends are not to see it', async () => {
  await using tested = await testPlugin(jwt, {
    publicKey,
    from: ['authorization', 'cookie:session', 'header:X-Token', 'query:token'],
    keepToken: false,
  });
  const token = await sign();
  const target = `/a?x=1&token=${token}&y=2`;
  const inCookie = { Cookie: `a=1; session=${token}; b=2` };
  for (const request of [
    { url: '/a?x=1&y=2', headers: { Authorization: `bearer  ${token}`, Cookie: 'a=1; b=2' } },
    { url: '/a?x=1&y=2', headers: inCookie },
    { url: '/a?x=1&y=2', headers: { 'X-Token': token, Cookie: 'a=1; b=2' } },
    { url: target, headers: { Cookie: 'a=1; b=2' } },
    // the same twice is one
    { url: target, headers: { ...inCookie, Authorization: `Bearer ${token}` } },
  ]) {
    const { status, request: sent } = await tested.request(request);
    expect([status, sent?.target]).toEqual([200, '/a?x=1&y=2']);
    expect([...(sent?.headers ?? [])].filter(([name]) => name !== 'Host')).toEqual([['Cookie', 'a=1; b=2']]);
  }
});

test('where a token is optional, a bad one is still refused', async () => {
  await using tested = await testPlugin(jwt, {
    publicKey,
    optional: true,
    claimsToHeaders: { sub: 'X-User' },
  });
  const { status, request } = await tested.request({ headers: { 'X-User': 'root' } });
  expect([status, request?.headers.has('x-user')]).toEqual([200, false]);
  expect((await ask(tested, await sign({ exp: 1 }))).status).toBe(401);
});

test('only what the conditions say needs one; fields that speak of claims are taken out everywhere', async () => {
  await using tested = await testPlugin(jwt, {
    publicKey,
    path: '/api/*',
    claimsToHeaders: { sub: 'X-User' },
  });
  const { status, request } = await tested.request({ url: '/', headers: { 'X-User': 'root' } });
  expect([status, request?.headers.has('x-user')]).toEqual([200, false]);
  expect((await tested.request({ url: '/%61pi/x' })).status).toBe(401);
});

test('a good token is remembered until it expires, and so many are', async () => {
  await using tested = await testPlugin(jwt, { publicKey, remember: 2, clockTolerance: '0s' });
  for (const sub of ['a', 'b', 'c']) await ask(tested, await sign({ sub }));
  expect(tested.status()).toEqual({ keys: 1, remembered: 2 });
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const short = await sign();
  vi.setSystemTime(Date.now() + 598_000);
  expect((await ask(tested, short)).status).toBe(200);
  vi.setSystemTime(Date.now() + 2000);
  expect(await ask(tested, short)).toMatchObject({ status: 401, log: { jwt: 'expired' } });
});

test.each([
  ['expected one of `jwks`, `publicKey` and `secrets`', {}],
  ['expected one of `jwks`, `publicKey` and `secrets`', { publicKey, secrets: [{ value: secret }] }],
  ['options.algorithms.0', { publicKey, algorithms: ['none'] }],
  ['HS256 is not for public keys', { publicKey, algorithms: ['HS256'] }],
  ['RS256 is not for secrets', { secrets: [{ value: secret }], algorithms: ['RS256'] }],
  ['at least 32 characters', { secrets: [{ value: 'short' }] }],
  [
    'environment variable NO_SUCH_VARIABLE: a secret of at least 32',
    { secrets: [{ env: 'NO_SUCH_VARIABLE' }] },
  ],
  ['over plain HTTP', { jwks: { url: 'http://id.example/keys' } }],
  ['expected one of `url`, `upstream` and `file`', { jwks: {} }],
  ['missing.json', { jwks: { file: 'missing.json' } }],
  ['found a private one', { publicKey: rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) }],
  ['2048 bits or more', { publicKey: pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) }],
  ['public keys or certificates in PEM', { publicKey: '-----BEGIN NONSENSE-----' }],
  ['options.from.0', { publicKey, from: ['body'] }],
  ["the proxy's own", { publicKey, claimsToHeaders: { sub: 'Host' } }],
])('wrong options are refused (%#): %s', async (message, options) => {
  await expect(testPlugin(jwt, options)).rejects.toThrow(message);
});
