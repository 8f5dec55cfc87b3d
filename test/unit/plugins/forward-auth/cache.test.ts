import { expect, onTestFinished, test, vi } from 'vitest';
import forwardAuth from '../../../../plugins/builtin/forward-auth/forward-auth.ts';
import {
  testPlugin,
  type TestedPlugin,
  type TestPluginRequest,
  type TestSubanswer,
} from '../../../../plugins/testing.ts';

let asked = 0;

function start(cache: object, answer: TestSubanswer = {}, more: object = {}): Promise<TestedPlugin> {
  asked = 0;
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const request = (): TestSubanswer => {
    asked += 1;
    return { headers: { 'Remote-User': `kim ${asked}` }, ...answer };
  };
  const options = { upstream: 'auth', copyHeaders: ['Remote-User'], ...more, cache };
  return testPlugin(forwardAuth, options, { request });
}

async function userOf(tested: TestedPlugin, request: TestPluginRequest): Promise<string | null | undefined> {
  return (await tested.request(request)).request?.headers.get('remote-user');
}

test('who was let pass is not asked about again for a time, and passes with the same fields', async () => {
  await using tested = await start({ time: '10s' });
  for (let i = 0; i < 3; i++) expect(await userOf(tested, { headers: { Cookie: 'a=1' } })).toBe('kim 1');
  vi.advanceTimersByTime(10_000);
  expect(await userOf(tested, { headers: { Cookie: 'a=1' } })).toBe('kim 2');
});

test.each<[string, TestPluginRequest]>([
  ['cookie', { headers: { Cookie: 'a=2' } }],
  ['second cookie field', { headers: { Cookie: ['a=1', 'b=2'] } }],
  ['Authorization', { headers: { Cookie: 'a=1', Authorization: 'Basic x' } }],
  ['path', { url: '/other' }],
  ['host', { url: 'http://other.example/' }],
  ['scheme', { url: 'https://localhost/' }],
  ['method', { method: 'DELETE' }],
  ['address', { client: '192.0.2.1' }],
])('attack: another %s is another question', async (_, other) => {
  await using tested = await start({ time: '10s' });
  await userOf(tested, { headers: { Cookie: 'a=1' } });
  expect(await userOf(tested, { headers: { Cookie: 'a=1' }, ...other })).toBe('kim 2');
});

test('what the answer does not depend on can be left out', async () => {
  await using tested = await start(
    { time: '10s', ignore: ['address', 'method', 'target'] },
    {},
    { method: 'original', originalUri: true },
  );
  const headers = { Cookie: 'a=1' };
  await userOf(tested, { headers });
  expect(await userOf(tested, { headers, url: '/b', method: 'PUT', client: '192.0.2.1' })).toBe('kim 1');
  expect(await userOf(tested, { headers: { Cookie: 'a=2' } })).toBe('kim 2');
});

test.each<[string, TestSubanswer, object]>([
  ['a refusal', { status: 403 }, {}],
  ['no-store', { headers: { 'Cache-Control': 'private, no-store' } }, {}],
  ['a cookie for one client', { headers: { 'Set-Cookie': 'a=2' } }, { setCookies: true }],
  ['trouble', { status: 500 }, {}],
])('%s is not remembered', async (_, answer, options) => {
  await using tested = await start({ time: '10s' }, answer, options);
  for (let i = 0; i < 2; i++) await tested.request();
  expect(asked).toBe(2);
  expect(tested.status()).toMatchObject({ kept: 0 });
});

test('so many are remembered', async () => {
  await using tested = await start({ time: '10s', entries: 2 });
  for (const url of ['/a', '/b', '/c', '/b', '/a']) await tested.request({ url });
  expect(asked).toBe(4);
  expect(tested.status()).toMatchObject({ kept: 2 });
});
