import { expect, test } from 'vitest';
import rewrite from '../../../../plugins/builtin/rewrite.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

async function rewritten(rules: object[], url: string, headers = {}) {
  await using tested = await testPlugin(rewrite, { rules });
  const { request, status } = await tested.request({ url, headers });
  return request === null ? status : request;
}

test.each([
  [{ path: '/old/*', to: '/new/{rest}' }, '/old/a?b=c', '/new/a?b=c'],
  [{ match: '^/v(\\d+)/(.*)$', to: '/{2}', setQuery: { version: '{1}' } }, '/v2/x?y=z', '/x?y=z&version=2'],
  [{ match: '\\.php$', query: 'page={path}' }, '/a.php?old', '/a.php?page=/a.php'],
  [{ query: '' }, '/a?b=c', '/a'],
  [{ stripPrefix: '/api' }, '/api/users?x', '/users?x'],
  [{ stripPrefix: '/api' }, '/api', '/'],
  [{ stripPrefix: '/api' }, '/apiary', '/apiary'],
  [{ addPrefix: '/v1' }, '/users', '/v1/users'],
  [{ stripPrefix: '/api', addPrefix: '/v1' }, '/api/', '/v1/'],
  [{ removeQuery: ['utm_source', 'a b'] }, '/x?utm_source=1&b=2&a+b=3&utm_source', '/x?b=2'],
  [{ setQuery: { b: '{method}' } }, '/x?b=1&a=2&b=3', '/x?a=2&b=GET'],
  [{ methods: ['POST'], to: '/y' }, '/x', '/x'],
  [{ to: '/y{path}' }, '/a%7Eb%2fc', '/y/a~b%2Fc'],
])('%j makes %s to %s', async (rule, url, target) => {
  expect(await rewritten([rule], url)).toMatchObject({ target });
});

test('the host is rewritten', async () => {
  const rule = { match: '^/t/([a-z]+)/', host: '{1}.internal:8080' };
  expect(await rewritten([rule], 'http://a.example/t/blue/x')).toMatchObject({
    host: 'blue.internal:8080',
    target: '/t/blue/x',
  });
});

test('rules apply one after the other, until a last one', async () => {
  const rules = [
    { path: '/a', to: '/b' },
    { path: '/b', to: '/c', last: true },
    { path: '/c', to: '/d' },
  ];
  expect(await rewritten(rules, '/a')).toMatchObject({ target: '/c' });
  expect(await rewritten(rules, '/c')).toMatchObject({ target: '/d' });
});

test('OPTIONS * stays as it is', async () => {
  await using tested = await testPlugin(rewrite, { rules: [{ addPrefix: '/x' }] });
  const { request } = await tested.request({ method: 'OPTIONS', url: '*' });
  expect(request).toMatchObject({ target: '*' });
});

test('attack: what a client sends cannot leave the folder that a path names', async () => {
  const rule = { path: '/download', to: '/files/{query.name}', query: '' };
  expect(await rewritten([rule], '/download?name=a.txt')).toMatchObject({ target: '/files/a.txt' });
  expect(await rewritten([rule], '/download?name=../secret')).toBe(400);
  expect(await rewritten([rule], '/download?name=%2e%2e%2fsecret')).toBe(400);
  expect(await rewritten([rule], '/download?name=..%5csecret')).toBe(400);
});

test('attack: a value does not become a query, a parameter or another header', async () => {
  const rule = { to: '/x/{header.x-name}', setQuery: { name: '{header.x-name}' } };
  expect(await rewritten([rule], '/', { 'x-name': 'a?admin=1&b#c' })).toMatchObject({
    target: '/x/a%3Fadmin=1&b%23c?name=a?admin=1%26b%23c',
  });
  expect(await rewritten([{ host: '{header.x-name}' }], '/', { 'x-name': 'a b' })).toBe(400);
});

test.each([
  [{ to: 'x' }, 'rules.0.to: expected a path that begins with /'],
  [{ to: '/x?y' }, 'said by `query`'],
  [{ to: '/{path}?y' }, 'said by `query`'],
  [{ stripPrefix: '/a/' }, 'rules.0.stripPrefix: expected a path like "/api"'],
  [{ setQuery: { a: '{1}' } }, 'rules.0.setQuery.a: there is no group 1'],
])('wrong options are refused: %j', async (rule, message) => {
  await expect(testPlugin(rewrite, { rules: [rule] })).rejects.toThrow(message);
});
