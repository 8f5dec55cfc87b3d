import { expect, test } from 'vitest';
import headers from '../../../../plugins/builtin/headers.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

test('fields of requests are removed, set, added, and set where they are missing', async () => {
  await using tested = await testPlugin(headers, {
    request: {
      remove: ['x-internal-*', 'Referer'],
      set: { 'X-Client': '{client_address} over {scheme}', 'X-Path': '{path}' },
      add: { 'X-Tag': 'b' },
      setIfMissing: { 'X-Tag': 'c', 'X-Request': '{request_id}' },
    },
  });
  const { request } = await tested.request({
    url: 'https://a.example/x',
    client: '192.0.2.1',
    headers: { 'X-Internal-User': '1', 'x-internal': '2', referer: '3', 'x-client': '4', 'x-tag': 'a' },
  });
  expect([...(request?.headers ?? [])]).toEqual([
    ['x-internal', '2'],
    ['x-tag', 'a'],
    ['Host', 'a.example'],
    ['X-Client', '192.0.2.1 over https'],
    ['X-Path', '/x'],
    ['X-Tag', 'b'],
    ['X-Request', 'test-request'],
  ]);
});

test('fields of answers are changed, for the request as it was here', async () => {
  await using tested = await testPlugin(headers, {
    path: '/files/*',
    response: { remove: ['server'], set: { 'X-Rest': '{rest}', 'X-Backend': '{backend}' } },
  });
  const answer = await tested.request({ url: '/files/a' }, { headers: { Server: 'x' } });
  expect(answer.headers.get('x-rest')).toBe('a');
  expect(answer.headers.get('x-backend')).toBe('backend.test:80');
  expect(answer.headers.has('server')).toBe(false);
  expect((await tested.request({ url: '/' }, { headers: { Server: 'x' } })).headers.get('server')).toBe('x');
});

test('a field that would be empty is taken out', async () => {
  await using tested = await testPlugin(headers, {
    request: { set: { 'X-User': '{cookie.user}' }, add: { 'X-A': '' } },
  });
  const with_ = await tested.request({ headers: { Cookie: 'a=b; user=kim', 'x-user': 'root' } });
  expect(with_.request?.headers.get('x-user')).toBe('kim');
  const without = await tested.request({ headers: { 'x-user': 'root' } });
  expect(without.request?.headers.has('x-user')).toBe(false);
  expect(without.request?.headers.has('x-a')).toBe(false);
});

test('attack: a client’s own X_Client is not there beside the X-Client that is set', async () => {
  await using tested = await testPlugin(headers, { request: { set: { 'X-Client': '{client_address}' } } });
  const { request } = await tested.request({ headers: { X_Client: '10.0.0.1' } });
  expect(request?.headers.has('x_client')).toBe(false);
  expect(request?.headers.get('x-client')).toBe('127.0.0.1');
});

test('attack: a lookalike of a field that is the proxy’s own makes no failure', async () => {
  await using tested = await testPlugin(headers, {
    request: { remove: ['x*'], set: { 'X-Forwarded-For': '{client_address}' } },
  });
  const sent = { X_Forwarded_For: '10.0.0.1', 'X-A': '1' };
  expect((await tested.request({ headers: sent })).request?.headers.has('x-a')).toBe(false);
});

test.each([
  [{ request: { set: { 'Content-Length': '1' } } }, 'request.set'],
  [{ response: { remove: ['transfer_encoding'] } }, 'response.remove.0'],
  [{ request: { add: { 'a b': '1' } } }, 'request.add'],
  [{ request: { set: { a: '{hots}' } } }, 'did you mean `host`?'],
  [{ request: { sett: {} } }, 'unknown key `sett`; did you mean `set`?'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(headers, options)).rejects.toThrow(message);
});
