import { expect, onTestFinished, test, vi } from 'vitest';
import type { PluginSubrequest } from '../../../../plugins/api.ts';
import { meaningOf } from '../../../../plugins/builtin/forward-auth/answer.ts';
import forwardAuth from '../../../../plugins/builtin/forward-auth/forward-auth.ts';
import { testPlugin, type TestedPlugin, type TestSubanswer } from '../../../../plugins/testing.ts';

type Answer = (question: PluginSubrequest) => TestSubanswer | Promise<TestSubanswer>;

async function start(
  answer: Answer | TestSubanswer,
  options: object = {},
): Promise<TestedPlugin & { readonly asked: PluginSubrequest[] }> {
  const asked: PluginSubrequest[] = [];
  const tested = await testPlugin(
    forwardAuth,
    { upstream: 'auth', ...options },
    {
      upstreams: ['site', 'auth'],
      request(question) {
        asked.push(question);
        return typeof answer === 'function' ? answer(question) : answer;
      },
    },
  );
  return Object.assign(tested, { asked });
}

const nobody = (): never => {
  throw new Error('connect-failed');
};

test('who is asked learns what is asked for, and what may decide; no body, and nothing of the connection', async () => {
  await using tested = await start({}, { target: '/verify?x', host: 'auth.example', originalUri: true });
  const answer = await tested.request({
    url: 'https://shop.example/cart?a=b',
    method: 'POST',
    body: 'order',
    client: '192.0.2.7',
    headers: {
      Cookie: 'a=1',
      Authorization: 'Basic x',
      Accept: 'text/html',
      'X-Other': '1',
      'X-Forwarded-For': '203.0.113.1',
      'X-Forwarded-Uri': '/healthz',
      Range: 'bytes=0-1',
    },
  });
  expect(answer).toMatchObject({ status: 200, request: { text: 'order' } });
  expect(tested.asked).toMatchObject([
    { upstream: 'auth', method: 'GET', target: '/verify?x', host: 'auth.example' },
  ]);
  expect(tested.asked[0]?.body).toBeUndefined();
  expect(tested.asked[0]?.headers).toEqual({
    accept: ['text/html'],
    authorization: ['Basic x'],
    cookie: ['a=1'],
    'X-Forwarded-For': '192.0.2.7',
    'X-Forwarded-Host': 'shop.example',
    'X-Forwarded-Method': 'POST',
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Uri': '/cart?a=b',
    'X-Original-Method': 'POST',
    'X-Original-URI': '/cart?a=b',
    'X-Original-URL': 'https://shop.example/cart?a=b',
    'X-Request-Id': 'test-request',
  });
});

test('what the answer says of the client goes to the backend, and the client’s own word does not', async () => {
  await using tested = await start(
    ({ headers }) => ({
      headers: headers?.['cookie'] === undefined ? {} : { 'Remote-User': 'kim', 'X-Internal': '1' },
    }),
    { copyHeaders: ['Remote-User', 'Remote-Groups'], path: '/app/*' },
  );
  const forged = { 'Remote-User': 'root', remote_user: 'root', 'Remote-Groups': 'admins' };
  const known = await tested.request({ url: '/app/', headers: { ...forged, Cookie: 'a=1' } });
  expect([...(known.request?.headers ?? [])].map(([name, value]) => `${name}: ${value}`)).toEqual([
    'Cookie: a=1',
    'Host: localhost',
    'Remote-User: kim',
  ]);
  for (const url of ['/app/', '/elsewhere']) {
    const { status, request } = await tested.request({ url, headers: forged });
    expect([status, [...(request?.headers ?? [])].map(([name]) => name)]).toEqual([200, ['Host']]);
  }
  expect(tested.asked).toHaveLength(2);
});

test('Authorization may be what is asked by, and be replaced by the answer’s', async () => {
  await using tested = await start(
    ({ headers }) => ({ headers: { Authorization: `Bearer for ${String(headers?.['authorization'])}` } }),
    { copyHeaders: ['Authorization'] },
  );
  const { request } = await tested.request({ headers: { Authorization: 'Basic x' } });
  expect(request?.headers.getAll('authorization')).toEqual(['Bearer for Basic x']);
});

test('a refusal goes to the client as it is', async () => {
  const headers = {
    Location: 'https://login.example/?rd=x',
    'Set-Cookie': ['a=1', 'b=2'],
    'Content-Type': 'text/html',
  };
  await using tested = await start({ status: 302, headers, body: 'go' });
  const answer = await tested.request();
  expect(answer).toMatchObject({
    status: 302,
    text: 'go',
    request: null,
    log: { forward_auth: 'refused 302' },
  });
  expect(answer.headers.get('location')).toBe('https://login.example/?rd=x');
  expect(answer.headers.getAll('set-cookie')).toEqual(['a=1', 'b=2']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test.each([
  [200, 'pass'],
  [204, 'pass'],
  [301, 'refuse'],
  [304, 'odd'],
  [307, 'refuse'],
  [400, 'odd'],
  [401, 'refuse'],
  [403, 'refuse'],
  [404, 'odd'],
  [407, 'odd'],
  [429, 'refuse'],
  [431, 'odd'],
  [500, 'unavailable'],
  [503, 'unavailable'],
] as const)('status %i means: %s', (status, meaning) => {
  expect(meaningOf(status)).toBe(meaning);
});

test('without a usable answer nobody passes', async () => {
  await using away = await start(nobody);
  expect(await away.request()).toMatchObject({
    status: 503,
    request: null,
    log: { forward_auth: 'unavailable: connect-failed' },
  });
  await using broken = await start({ status: 500 });
  expect(await broken.request()).toMatchObject({ status: 503, request: null });
  await using elsewhere = await start({ status: 404 });
  expect(await elsewhere.request()).toMatchObject({
    status: 502,
    request: null,
    log: { forward_auth: 'odd: status 404' },
  });
  expect(elsewhere.status()).toMatchObject({ odd: 1, passed: 0 });
});

test('requests may pass where nobody answers, without the fields of an answer; a refusal never does', async () => {
  const options = { onUnavailable: 'pass', copyHeaders: ['Remote-User'], largest: '10B' };
  await using away = await start(nobody, options);
  const { status, request } = await away.request({ headers: { 'Remote-User': 'root' } });
  expect([status, request?.headers.has('remote-user')]).toEqual([200, false]);
  await using elsewhere = await start({ status: 404 }, options);
  expect((await elsewhere.request()).status).toBe(502);
  await using long = await start({ status: 401, body: 'x'.repeat(11) }, options);
  expect(await long.request()).toMatchObject({ status: 502, request: null });
  await using cut = await start({ status: 401, body: brokenOff() }, options);
  expect(await cut.request()).toMatchObject({ status: 502, request: null });
});

async function* brokenOff(): AsyncGenerator<string> {
  await Promise.resolve();
  yield 'x';
  throw new Error('cut off');
}

test('a long body of an answer that lets pass is given up, and does not matter', async () => {
  await using tested = await start({ status: 200, body: 'x'.repeat(100_000) });
  expect((await tested.request()).status).toBe(200);
});

test('an answer that does not come in time is none', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await using tested = await start(
    ({ signal }) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new Error(String(signal.reason)))),
      ),
    { timeout: '2s' },
  );
  const sent = tested.request();
  await vi.advanceTimersByTimeAsync(2000);
  expect(await sent).toMatchObject({
    status: 503,
    log: { forward_auth: 'unavailable: Error: there was no answer within 2000 ms' },
  });
});

test('a client that leaves takes its question along', async () => {
  const client = new AbortController();
  const left = Promise.withResolvers<unknown>();
  await using tested = await start(({ signal }) => {
    client.abort();
    left.resolve(signal?.reason);
    throw new Error('aborted');
  });
  expect((await tested.request({ signal: client.signal })).status).toBe(null);
  expect(String(await left.promise)).toContain('the client has left');
});

test('cookies of an answer that lets pass go to the client where that is asked for', async () => {
  const answer = { headers: { 'Set-Cookie': ['session=2; Path=/', 'seen=1'] } };
  await using silent = await start(answer);
  expect((await silent.request()).headers.getAll('set-cookie')).toEqual([]);
  await using tested = await start(answer, { setCookies: true });
  const { headers } = await tested.request({}, { headers: { 'Set-Cookie': 'cart=1' } });
  expect(headers.getAll('set-cookie')).toEqual(['cart=1', 'session=2; Path=/', 'seen=1']);
});

test('attack: two Authorization fields do not pass: who goes by which?', async () => {
  await using tested = await start({});
  const answer = await tested.request({ headers: { Authorization: ['Basic good', 'Basic evil'] } });
  expect(answer).toMatchObject({ status: 400, request: null, log: { forward_auth: 'ambiguous' } });
  expect(tested.asked).toEqual([]);
});

test.each([
  [{}, 'options.upstream'],
  [{ upstream: 'auth', target: 'verify' }, 'options.target'],
  [{ upstream: 'auth', requestHeaders: ['Host'] }, "the proxy's own"],
  [{ upstream: 'auth', copyHeaders: ['Content-Length'] }, "the proxy's own"],
  [{ upstream: 'auth', cache: {} }, 'options.cache.time'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(forwardAuth, options)).rejects.toThrow(message);
});

test('attack: a client’s own X-Forwarded-Uri is not what is asked about, also where the options name it', async () => {
  await using tested = await start({}, { requestHeaders: ['x-forwarded-uri', 'x-forwarded-method'] });
  await tested.request({
    url: '/admin',
    headers: { 'X-Forwarded-Uri': '/public', 'x-forwarded-method': 'HEAD' },
  });
  const sent = Object.entries(tested.asked[0]?.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  expect(sent.filter(([name]) => name === 'x-forwarded-uri')).toEqual([['x-forwarded-uri', '/admin']]);
  expect(sent.filter(([name]) => name === 'x-forwarded-method')).toEqual([['x-forwarded-method', 'GET']]);
});

test('attack: a refusal with fields named as what every object has is still that refusal', async () => {
  await using tested = await start({ status: 403, headers: { constructor: 'x', ['__proto__']: 'y' } });
  const { status, headers } = await tested.request();
  expect([status, headers.get('constructor'), headers.get('__proto__')]).toEqual([403, 'x', 'y']);
});
