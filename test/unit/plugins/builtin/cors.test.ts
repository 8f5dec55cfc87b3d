import { expect, test } from 'vitest';
import cors from '../../../../plugins/builtin/cors.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const preflight = (origin: string, more = {}) => ({
  method: 'OPTIONS',
  headers: { Origin: origin, 'Access-Control-Request-Method': 'PUT', ...more },
});

test('a preflight is answered without the backend', async () => {
  await using tested = await testPlugin(cors, {
    origins: ['https://app.example'],
    credentials: true,
    maxAge: '1h',
    methods: ['GET', 'PUT'],
    privateNetwork: true,
  });
  const answer = await tested.request(
    preflight('https://app.example', {
      'Access-Control-Request-Headers': 'x-a, content-type',
      'Access-Control-Request-Private-Network': 'true',
    }),
  );
  expect(answer).toMatchObject({ status: 204, request: null });
  expect(Object.fromEntries(answer.headers)).toEqual({
    Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'Access-Control-Allow-Origin': 'https://app.example',
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Allow-Methods': 'GET, PUT',
    'Access-Control-Allow-Headers': 'x-a, content-type',
    'Access-Control-Max-Age': '3600',
    'Access-Control-Allow-Private-Network': 'true',
  });
});

test('an answer says who may read it, in place of the backend', async () => {
  await using tested = await testPlugin(cors, { origins: ['https://app.example'], expose: ['X-Total'] });
  const backend = { headers: { 'Access-Control-Allow-Origin': '*', Vary: 'Accept' } };
  const answer = await tested.request({ headers: { Origin: 'https://app.example' } }, backend);
  expect(answer.headers.getAll('access-control-allow-origin')).toEqual(['https://app.example']);
  expect(answer.headers.get('access-control-expose-headers')).toBe('X-Total');
  expect(answer.headers.get('vary')).toBe('Accept, Origin');
  const other = await tested.request({ headers: { Origin: 'https://other.example' } }, backend);
  expect(other.headers.has('access-control-allow-origin')).toBe(false);
  expect(other.headers.get('vary')).toBe('Accept, Origin');
  expect((await tested.request({}, {})).headers.get('vary')).toBe('Origin');
});

test('an OPTIONS request that is no preflight goes to the backend', async () => {
  await using tested = await testPlugin(cors, { origins: '*' });
  const answer = await tested.request({ method: 'OPTIONS', headers: { Origin: 'https://a.example' } });
  expect(answer.request).not.toBe(null);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.has('vary')).toBe(false);
});

test.each([
  [['https://app.example'], 'https://app.example', true],
  [['https://app.example'], 'https://app.example:8443', false],
  [['https://app.example'], 'http://app.example', false],
  [['https://*.app.example'], 'https://a.b.app.example', true],
  [['https://*.app.example'], 'https://app.example', false],
  [['/https://[a-z]+\\.app\\.example(:\\d+)?/'], 'https://x.app.example:81', true],
  [['https://a.example', 'null'], 'null', true],
  [['https://a.example'], 'null', false],
])('origins %j and %s: %s', async (origins, origin, allowed) => {
  await using tested = await testPlugin(cors, { origins });
  const { headers } = await tested.request(preflight(origin));
  expect(headers.get('access-control-allow-origin')).toBe(allowed ? origin : null);
});

test.each([
  ['a longer name', ['https://app.example'], 'https://app.example.evil.example'],
  ['a name before a wildcard', ['https://*.app.example'], 'https://evilapp.example'],
  ['a path that ends like it', ['https://*.app.example'], 'https://evil.example/.app.example'],
  ['user information', ['https://*.app.example'], 'https://evil.example@x.app.example'],
  ['a pattern found within', ['/https://app\\.example/'], 'https://app.example.evil.example'],
  [
    'one of several alternatives',
    ['/https://a\\.example|https://b\\.example/'],
    'https://evil.example#https://b.example',
  ],
])('attack: an origin with %s is not allowed', async (_, origins, origin) => {
  await using tested = await testPlugin(cors, { origins, credentials: true });
  const { headers } = await tested.request({ headers: { Origin: origin } });
  expect(headers.has('access-control-allow-origin')).toBe(false);
  expect(headers.has('access-control-allow-credentials')).toBe(false);
});

test.each([
  [{}, 'options.origins: expected "*" or a list'],
  [{ origins: '*', credentials: true }, 'options.credentials: browsers refuse'],
  [{ origins: ['app.example'] }, 'origins'],
  [{ origins: ['https://app.example/'] }, 'origins'],
  [{ origins: ['/(/'] }, 'origins'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(cors, options)).rejects.toThrow(message);
});
