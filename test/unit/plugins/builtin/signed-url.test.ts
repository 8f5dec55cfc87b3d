import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import signedUrl from '../../../../plugins/builtin/signed-url.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const key = 'a secret of enough length';
const soon = Math.floor(Date.now() / 1000) + 60;

function sign(target: string, { by = key, include = [] as string[], expires = soon } = {}): string {
  const url = `${target}${target.includes('?') ? '&' : '?'}expires=${expires}`;
  const signature = createHmac('sha256', by)
    .update([...include, url].join('\n'))
    .digest('base64url');
  return `${url}&signature=${signature}`;
}

test('a signed URL goes through, without what signs it', async () => {
  await using tested = await testPlugin(signedUrl, { keys: [key] });
  expect((await tested.request({ url: sign('/a?b=c') })).request?.target).toBe('/a?b=c');
  expect((await tested.request({ url: sign('/a') })).request?.target).toBe('/a');
  await using kept = await testPlugin(signedUrl, { keys: [key], keep: true });
  expect((await kept.request({ url: sign('/a') })).request?.target).toBe(sign('/a'));
});

test('an old key is good while it is named', async () => {
  await using tested = await testPlugin(signedUrl, { keys: ['a newer secret, long enough', key] });
  expect((await tested.request({ url: sign('/a') })).status).toBe(200);
  expect((await tested.request({ url: sign('/a', { by: 'a newer secret, long enough' }) })).status).toBe(200);
  expect((await tested.request({ url: sign('/a', { by: 'another secret, long enough' }) })).status).toBe(403);
});

test('a URL expires', async () => {
  await using tested = await testPlugin(signedUrl, { keys: [key], longest: '1h' });
  const past = await tested.request({ url: sign('/a', { expires: soon - 61 }) });
  expect(past).toMatchObject({
    status: 403,
    text: 'This link has expired.\n',
    log: { signed_url: 'expired' },
  });
  const far = await tested.request({ url: sign('/a', { expires: soon + 7200 }) });
  expect(far).toMatchObject({ status: 403, log: { signed_url: 'too-long' } });
});

test('method, host and client are signed where it is asked for', async () => {
  await using tested = await testPlugin(signedUrl, {
    keys: [key],
    include: ['method', 'host', 'client_address'],
  });
  const url = sign('/a', { include: ['GET', 'a.example', '192.0.2.1'] });
  const request = { url: `http://a.example${url}`, client: '192.0.2.1' };
  expect((await tested.request(request)).status).toBe(200);
  expect((await tested.request({ ...request, method: 'HEAD' })).status).toBe(200);
  expect((await tested.request({ ...request, method: 'DELETE' })).status).toBe(403);
  expect((await tested.request({ ...request, client: '192.0.2.2' })).status).toBe(403);
  expect((await tested.request({ ...request, url: `http://b.example${url}` })).status).toBe(403);
});

test('only what the conditions say needs a signature', async () => {
  await using tested = await testPlugin(signedUrl, { path: '/files/*', keys: [key] });
  expect((await tested.request({ url: '/' })).status).toBe(200);
  expect((await tested.request({ url: '/files/x' })).status).toBe(403);
  expect((await tested.request({ url: '/%66iles/x' })).status).toBe(403);
});

const good = sign('/a?b=c');
test.each([
  ['without a signature', `/a?b=c&expires=${soon}`],
  ['with an empty one', `/a?b=c&expires=${soon}&signature=`],
  ['of another path', good.replace('/a', '/b')],
  ['with another parameter', good.replace('b=c', 'b=d')],
  ['with one more parameter', `${good}&admin=1`],
  ['with one more parameter before', good.replace('?', '?admin=1&')],
  ['that lives longer', good.replace(String(soon), String(soon + 1))],
  ['with a second expiry', good.replace('?', `?expires=${soon + 9999}&`)],
  ['with a second expiry, spelt otherwise', good.replace('?', `?%65xpires=${soon + 9999}&`)],
  ['that was signed with an expiry of the asker’s', sign(`/a?expires=${soon + 9999}`)],
  ['with a second signature', `${good}&signature=x`],
  ['with a cut signature', good.slice(0, -1)],
  ['with no expiry', `/a&signature=${createHmac('sha256', key).update('/a').digest('base64url')}`],
  ['whose expiry is no number', sign('/a').replace(String(soon), 'never')],
])('attack: a URL %s does not get through', async (_, url) => {
  await using tested = await testPlugin(signedUrl, { keys: [key] });
  expect(await tested.request({ url })).toMatchObject({ status: 403, request: null });
});

test('wrong options are refused, without showing a key', async () => {
  const refused = testPlugin(signedUrl, { keys: ['too short'] });
  await expect(refused).rejects.toThrow('at least 16 characters');
  await expect(refused).rejects.not.toThrow('too short');
  await expect(testPlugin(signedUrl, { keys: [] })).rejects.toThrow('at least one key');
});
