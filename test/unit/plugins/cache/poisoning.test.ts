import { expect, test } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import { testPlugin, type SentRequest, type TestPluginRequest } from '../../../../plugins/testing.ts';

const FRESH = { 'cache-control': 'max-age=60' };

/** Answers with what a backend could make a page of. */
const mirror = ({ method, target, host, headers }: SentRequest) => ({
  headers: FRESH,
  body: [method, host, target, headers.get('x-original-url'), headers.get('x-host')].join(' '),
});

test.each<[string, TestPluginRequest]>([
  ['another host', { url: '/a', headers: { host: 'evil.example' } }],
  ['another port', { url: '/a', headers: { host: 'localhost:1337' } }],
  ['a parameter', { url: '/a?x=<script>' }],
  ['an escape', { url: '/%61' }],
  ['X-Original-URL', { url: '/a', headers: { 'x-original-url': '/admin' } }],
  ['X-Host', { url: '/a', headers: { 'x-host': 'evil.example' } }],
  ['a method override', { url: '/a', headers: { 'x-http-method-override': 'DELETE' } }],
  ['a body', { url: '/a', body: 'x=1' }],
  ['another scheme', { url: 'https://localhost/a' }],
  ['a made-up end of a host', { url: '/a', headers: { host: 'localhost' }, method: 'HEAD' }],
])('cache poisoning by %s', async (_, attack) => {
  await using tested = await testPlugin(cache);
  await tested.request(attack, mirror);
  const victim = await tested.request({ url: '/a' }, mirror);
  expect(victim.text).toBe('GET localhost /a  ');
  expect(victim.request).not.toBeNull();
});

test('cache poisoning by a parameter that is not part of the key: the backend does not see it', async () => {
  await using tested = await testPlugin(cache, { key: { query: { except: ['utm_source'] } } });
  const first = await tested.request({ url: '/a?utm_source=<script>&id=1' }, mirror);
  expect(first.text).toBe('GET localhost /a?id=1  ');
  expect((await tested.request({ url: '/a?id=1&utm_source=mail' })).text).toBe(first.text);
});

test('cache deception: an answer for one user goes to nobody else', async () => {
  await using tested = await testPlugin(cache, { ttl: [{ ttl: '1m' }] });
  const own = { headers: { cookie: 'session=1' }, url: '/account/a.css' };
  await tested.request(own, { body: 'your account' });
  expect((await tested.request({ url: '/account/a.css' }, { body: 'log in' })).text).toBe('log in');
});

test('an answer that hangs on what a later plugin has put into the request is not stored', async () => {
  await using tested = await testPlugin(cache);
  const answer = await tested.request({ url: '/a' }, (sent) => {
    sent.headers.set('x-cohort', 'beta');
    return { headers: { ...FRESH, vary: 'x-cohort' }, body: 'beta' };
  });
  expect(answer.headers.get('cache-status')).toContain('detail=vary-behind-cache');
  expect((await tested.request({ url: '/a' }, { body: 'usual' })).text).toBe('usual');
});

test('a field that is called like a method of every object is passed on', async () => {
  await using tested = await testPlugin(cache);
  await tested.request({ url: '/a' }, { headers: { ...FRESH, constructor: 'x', __proto__x: 'y' } });
  expect((await tested.request({ url: '/a' })).headers.get('constructor')).toBe('x');
});

test('fields of the connection, and those that it names, are not stored', async () => {
  await using tested = await testPlugin(cache);
  await tested.request(
    { url: '/a' },
    { headers: { ...FRESH, connection: 'x-hop', 'x-hop': '1', 'keep-alive': 'timeout=5' } },
  );
  const hit = await tested.request({ url: '/a' });
  expect(['connection', 'x-hop', 'keep-alive'].map((name) => hit.headers.get(name))).toEqual([
    null,
    null,
    null,
  ]);
});

test.each([400, 408, 413, 421, 431])(
  'cache poisoning by a request that its backend refuses with %d',
  async (status) => {
    await using tested = await testPlugin(cache, { ttl: [{ statuses: [400, 413, 421], ttl: '1m' }] });
    await tested.request({ url: '/a', headers: { 'x-meta': '\u0080' } }, { status, headers: FRESH });
    expect((await tested.request({ url: '/a' }, { body: 'page' })).text).toBe('page');
  },
);

test.each<[string, string, string[], string]>([
  ['in two lines, of which a backend may read one', 'accept-language', ['en', 'de'], 'en, de'],
  ['that only looks like a coding', 'accept-encoding', ['g zip'], 'gzip'],
])('cache poisoning of a variant by a field %s', async (_, name, attack, honest) => {
  await using tested = await testPlugin(cache);
  const mirrorField = ({ headers }: SentRequest) => ({
    headers: { ...FRESH, vary: name },
    body: headers.getAll(name).join('|'),
  });
  await tested.request({ url: '/a', headers: { [name]: attack } }, mirrorField);
  const victim = await tested.request({ url: '/a', headers: { [name]: honest } }, mirrorField);
  expect(victim.text).toBe(honest);
});

test.each([
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-path',
  'x-forwarded-ssl',
  'x-forwarded-uri',
  'x-original-uri',
  'x-http-host-override',
  'x-backend-host',
  'x-url-scheme',
  'front-end-https',
])('cache poisoning by %s, which a proxy in front passes on', async (name) => {
  await using tested = await testPlugin(cache);
  const mirrorField = ({ headers }: SentRequest) => ({ headers: FRESH, body: String(headers.get(name)) });
  await tested.request({ url: '/a', headers: { [name]: 'evil' } }, mirrorField);
  expect((await tested.request({ url: '/a' }, mirrorField)).text).toBe('null');
});

test('a redirect to https for http does not go to those who come by https, in front of which another proxy ends TLS', async () => {
  await using tested = await testPlugin(cache);
  const site = ({ headers }: SentRequest) =>
    headers.get('x-forwarded-proto') === 'https'
      ? { headers: FRESH, body: 'page' }
      : { status: 301, headers: { ...FRESH, location: 'https://localhost/a' } };
  const ask = (scheme: string) =>
    tested.request({ url: '/a', headers: { 'x-forwarded-proto': scheme } }, site);
  expect((await ask('http')).status).toBe(301);
  expect((await ask('https')).text).toBe('page');
});
