import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { connectRaw } from '../../support/raw-client.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import type { DataPath } from '../../support/data-path.ts';
import { answer, challenges, challengeTarget, token } from '../challenges/setup.ts';
import { startProxy } from '../http1/setup.ts';

async function proxyWithChallenges(listener: Readonly<Record<string, unknown>> = {}): Promise<DataPath> {
  const backend = await startRawBackend((request) => request.reply(ok('from the backend')));
  const proxy = await startProxy({ backendPort: backend.port, listener });
  proxy.challenges.use(challenges);
  return proxy;
}

function get(target: string, host = 'site.test'): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

test.each([
  ['another name', get(challengeTarget(), 'one.test')],
  ['a name below', get(challengeTarget(), 'www.site.test')],
  ['a name with this one in it', get(challengeTarget(), 'site.test.one.test')],
  ['an address', get(challengeTarget(), '127.0.0.1')],
  ['another name in absolute form', get(`http://one.test${challengeTarget()}`, 'one.test')],
  ['no Host', `GET ${challengeTarget()} HTTP/1.0\r\n\r\n`],
  ['the token in other letters', get(challengeTarget(token.toLowerCase()))],
  ['the token with an end of its own', get(`${challengeTarget()}/x`)],
  ['the token with a query', get(`${challengeTarget()}?x`)],
  ['the token, escaped', get(challengeTarget(token.replace('e', '%65')))],
  ['no token', get(challengeTarget(''))],
  ['names of properties', get(challengeTarget('__proto__'))],
  ['other names of properties', get(challengeTarget('constructor'))],
])('%s is no question of a CA: it goes on as any request', async (_, request) => {
  const proxy = await proxyWithChallenges();
  const answered = await (await connectRaw(proxy.port)).request(request);
  expect([answered.status, answered.body]).toEqual([200, 'from the backend']);
});

test.each([
  ['a token that leads elsewhere', challengeTarget('../../etc/passwd'), 400],
  ['the token by a detour', challengeTarget(`x/../${token}`), 400],
  ['the token by an escaped detour', challengeTarget(`x/%2e%2e/${token}`), 400],
  ['a token of 100 KiB', challengeTarget('a'.repeat(100 * 1024)), 414],
])('%s is judged as any target', async (_, target, status) => {
  const proxy = await proxyWithChallenges();
  const answered = await (await connectRaw(proxy.port)).request(get(target));
  expect(answered.status).toBe(status);
  expect(answered.body).not.toContain(answer);
});

test('Hosts that differ, and a target for another host, are refused and not read in two ways', async () => {
  const proxy = await proxyWithChallenges();
  for (const request of [
    get(`http://site.test${challengeTarget()}`, 'one.test'),
    `GET ${challengeTarget()} HTTP/1.1\r\nHost: one.test\r\nHost: site.test\r\n\r\n`,
  ]) {
    const answered = await (await connectRaw(proxy.port)).request(request);
    expect(answered.status).toBe(400);
    expect(answered.body).not.toContain(answer);
  }
});

test('10,000 unknown tokens find nothing, take no room, and the known one is still there', async () => {
  const proxy = await proxyWithChallenges({
    upstream: undefined,
    routes: [{ path: '/none', upstream: 'site' }],
  });
  const client = await connectRaw(proxy.port);
  for (let batch = 0; batch < 100; batch += 1) {
    const targets = Array.from({ length: 100 }, () => challengeTarget(randomBytes(32).toString('base64url')));
    client.send(targets.map((target) => get(target)).join(''));
    await client.until(() => client.buffered.split('HTTP/1.1 404 ').length > 100 || null, '100 answers');
    client.buffered = '';
  }
  const other = await connectRaw(proxy.port);
  expect((await other.request(get(challengeTarget()))).body).toBe(answer);
});

test('an answer never goes to who asks for it in the body of something else', async () => {
  const proxy = await proxyWithChallenges();
  const hidden = get(challengeTarget());
  const client = await connectRaw(proxy.port);
  const carrier = `POST ${challengeTarget('x')} HTTP/1.1\r\nHost: one.test\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`;
  expect((await client.request(carrier)).body).toBe('from the backend');
  expect((await client.request(get('/'))).body).toBe('from the backend');
});
