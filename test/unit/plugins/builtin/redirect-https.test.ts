import { expect, test } from 'vitest';
import redirectHttps from '../../../../plugins/builtin/redirect-https.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

test('a request over plain HTTP goes to the same URL over https', async () => {
  await using tested = await testPlugin(redirectHttps);
  const answer = await tested.request({ url: 'http://a.example:8080/x%2Fy?q=1' });
  expect(answer.status).toBe(308);
  expect(answer.headers.get('location')).toBe('https://a.example/x%2Fy?q=1');
});

test('a request over https, and an excepted path, is served', async () => {
  await using tested = await testPlugin(redirectHttps, { except: ['/plain'] });
  expect((await tested.request({ url: 'https://a.example/' })).status).toBe(200);
  expect((await tested.request({ url: '/.well-known/acme-challenge/token' })).status).toBe(200);
  expect((await tested.request({ url: '/plain' })).status).toBe(200);
  expect((await tested.request({ url: '/.well-known/acme' })).status).toBe(308);
});

test('the client of a proxy that has the TLS is served', async () => {
  await using tested = await testPlugin(redirectHttps, { forwardedProto: true });
  const headers = { 'X-Forwarded-Proto': 'https' };
  expect((await tested.request({ headers })).status).toBe(200);
  expect((await tested.request()).status).toBe(308);
  await using other = await testPlugin(redirectHttps);
  expect((await other.request({ headers })).status).toBe(308);
});

test('status and port are options', async () => {
  await using tested = await testPlugin(redirectHttps, { status: 301, port: 8443 });
  const answer = await tested.request({ url: 'http://[::1]/' });
  expect(answer.status).toBe(301);
  expect(answer.headers.get('location')).toBe('https://[::1]:8443/');
  await expect(testPlugin(redirectHttps, { status: 303 })).rejects.toThrow('options.status');
});

test('attack: a Host that some clients read as another one is not redirected to', async () => {
  await using tested = await testPlugin(redirectHttps);
  expect((await tested.request({ headers: { Host: 'a~evil.example' } })).status).toBe(400);
});
