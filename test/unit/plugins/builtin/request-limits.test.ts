import { expect, test } from 'vitest';
import requestLimits from '../../../../plugins/builtin/request-limits.ts';
import { testPlugin, type TestPluginRequest } from '../../../../plugins/testing.ts';

const post = (body: TestPluginRequest['body'], type?: string): TestPluginRequest => ({
  method: 'POST',
  headers: type === undefined ? {} : { 'Content-Type': type },
  ...(body === undefined ? {} : { body }),
});

test.each<[object, TestPluginRequest, number, string]>([
  [{ methods: ['GET', 'HEAD'] }, { method: 'DELETE' }, 405, 'methods'],
  [{ hosts: ['a.example', '*.b.example'] }, { url: 'http://c.example/' }, 421, 'hosts'],
  [{ target: '20B' }, { url: `/?${'q'.repeat(20)}` }, 414, 'target'],
  [{ headers: 2 }, { headers: { a: '1', b: '2', c: '3' } }, 431, 'headers'],
  [{ headerBytes: '1KiB' }, { headers: { a: 'x'.repeat(1024) } }, 431, 'headerBytes'],
  [{ body: '3B' }, post('four'), 413, 'body'],
  [{ body: '3B' }, post(['fo', 'ur']), 413, 'body'],
  [{ body: '0B' }, post(['x']), 413, 'body'],
  [{ contentTypes: ['application/json'] }, post('x', 'text/plain'), 415, 'contentTypes'],
  [{ contentTypes: ['application/json'] }, post('x'), 415, 'contentTypes'],
])('%j refuses %j with %d', async (options, request, status, limit) => {
  await using tested = await testPlugin(requestLimits, options);
  expect(await tested.request(request)).toMatchObject({ status, request: null, log: { limit } });
});

test.each<[object, TestPluginRequest]>([
  [{ methods: ['GET'] }, {}],
  [{ hosts: ['a.example', '*.b.example'] }, { url: 'http://x.b.example:81/' }],
  [{ target: '20B' }, { url: `/?${'q'.repeat(18)}` }],
  [{ headers: 2 }, { headers: { a: '1' } }],
  [{ headerBytes: '1KiB' }, { headers: { a: 'x'.repeat(1000) } }],
  [{ body: '4B' }, post(['fo', 'ur'])],
  [{ contentTypes: ['application/json', 'image/*'] }, post('x', 'Application/JSON; charset=utf-8')],
  [{ contentTypes: ['application/json', 'image/*'] }, post('x', 'image/png')],
  [{ contentTypes: ['application/json'] }, {}],
  [
    { path: '/api/*', methods: ['GET'], body: '0B' },
    { ...post('x'), url: '/other' },
  ],
])('%j lets %j through', async (options, request) => {
  await using tested = await testPlugin(requestLimits, options);
  expect((await tested.request(request)).status).toBe(200);
});

test('what is allowed instead is said', async () => {
  await using tested = await testPlugin(requestLimits, { methods: ['GET', 'HEAD'] });
  expect((await tested.request({ method: 'PUT' })).headers.get('allow')).toBe('GET, HEAD');
});

test('attack: two media types in one field are neither of them', async () => {
  await using tested = await testPlugin(requestLimits, { contentTypes: ['image/*', 'application/json'] });
  expect((await tested.request(post('x', 'image/png, text/html'))).status).toBe(415);
  const twice = { 'Content-Type': ['application/json', 'text/html'] };
  expect((await tested.request({ ...post('x'), headers: twice })).status).toBe(415);
});

test('wrong options are refused', async () => {
  await expect(testPlugin(requestLimits, { bdy: '1KiB' })).rejects.toThrow('did you mean `body`?');
  await expect(testPlugin(requestLimits, { contentTypes: ['json'] })).rejects.toThrow('a media type like');
});
