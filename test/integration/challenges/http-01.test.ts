import { expect, test } from 'vitest';
import type { DataPath } from '../../support/data-path.ts';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { startHttps } from '../tls/setup.ts';
import { connectTls } from '../../support/tls-client.ts';
import { ask, http2Session } from '../http2/setup.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { answer, challenges, challengeTarget, token } from './setup.ts';

async function proxyWith(
  listener: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly proxy: DataPath; readonly backend: RawBackend }> {
  const backend = await startRawBackend((request) => request.reply(ok('from the backend')));
  const proxy = await startProxy({ listener, backendPort: backend.port });
  proxy.challenges.use(challenges);
  return { proxy, backend };
}

function get(host: string, target = challengeTarget(), version = 'HTTP/1.1'): string {
  return `GET ${target} ${version}\r\nHost: ${host}\r\n\r\n`;
}

test.each(['site.test', 'Site.Test', 'site.test:80', 'site.test.'])(
  'a CA that asks for a prepared challenge has its answer (Host %s)',
  async (host) => {
    const { proxy, backend } = await proxyWith();
    const answered = await (await connectRaw(proxy.port)).request(get(host));
    expect([answered.status, answered.body]).toEqual([200, answer]);
    expect(answered.header('content-type')).toBe('application/octet-stream');
    expect(backend.requests).toHaveLength(0);
  },
);

test('before redirects, the rule script and the table of routes', async () => {
  const { proxy } = await proxyWith({
    redirectToHttps: true,
    upstream: undefined,
    routes: [{ path: '/*', upstream: 'site' }],
  });
  expect((await (await connectRaw(proxy.port)).request(get('site.test'))).body).toBe(answer);
  expect(await entry(proxy)).toMatchObject({ status: 200, decision: null, route: null, upstream: null });
});

test('in absolute form, in HTTP/1.0 and to HEAD as well, and the connection goes on', async () => {
  const { proxy } = await proxyWith();
  const absolute = get('site.test', `http://site.test${challengeTarget()}`);
  const client = await connectRaw(proxy.port);
  expect((await client.request(absolute)).body).toBe(answer);
  const head = await client.request(get('site.test').replace('GET', 'HEAD'));
  expect([head.status, head.header('content-length')]).toEqual([200, String(answer.length)]);
  expect((await client.request(get('site.test', challengeTarget(), 'HTTP/1.0'))).body).toBe(answer);
});

test('over HTTP/2 with prior knowledge, too', async () => {
  const { proxy } = await proxyWith({ http2: true });
  const answered = await ask(http2Session(proxy.port), {
    ':path': challengeTarget(),
    ':authority': 'site.test',
  });
  expect([answered.status, answered.body]).toEqual([200, answer]);
});

test('a challenge that was taken back, and every other request, goes on as any', async () => {
  const { proxy } = await proxyWith();
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('site.test', '/'))).body).toBe('from the backend');
  expect((await client.request(get('site.test', challengeTarget('another')))).body).toBe('from the backend');
  expect((await client.request(get('site.test').replace('GET', 'DELETE'))).body).toBe('from the backend');
  proxy.challenges.use({ http: {}, alpn: {} });
  expect((await client.request(get('site.test'))).body).toBe('from the backend');
});

test('an https listener answers none: that is asked for over plain HTTP', async () => {
  const { proxy } = await startHttps();
  proxy.challenges.use(challenges);
  const client = await connectTls(proxy.port);
  client.send(get('site.test'));
  expect((await client.answer()).body).toBe('hello');
});

test.each([
  ['that is prepared', challengeTarget()],
  ['that was taken back', challengeTarget(`${token}2`)],
  ['with a query', `${challengeTarget()}?again`],
  ['written with escapes', challengeTarget().replace('well', '%77ell')],
  ['in absolute form', `http://site.test${challengeTarget()}`],
  ['of a request that is refused', challengeTarget(`./${token}`)],
])('the log does not tell a token %s', async (_, target) => {
  const { proxy } = await proxyWith();
  await (await connectRaw(proxy.port)).request(get('site.test', target));
  const logged = await entry(proxy);
  expect(logged.target).toBe('/.well-known/acme-challenge/*');
  expect(JSON.stringify(logged)).not.toContain(token);
});
