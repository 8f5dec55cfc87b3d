import { expect, test } from 'vitest';
import { startHttpsFront } from '../../support/https-front.ts';
import { ok, startRawBackend, type BackendScript } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

const NAME = 'strict-transport-security';
const OWN = 'Strict-Transport-Security: max-age=1; preload';

async function connectedTo(script: BackendScript, listener: Readonly<Record<string, unknown>>) {
  const backend = await startRawBackend(script);
  const proxy = await startProxy({ listener, backendPort: backend.port });
  return { proxy, client: await connectRaw(await startHttpsFront(proxy)) };
}

test('it is in the answers of backends, in place of their own', async () => {
  const { client } = await connectedTo((request) => request.reply(ok('hello', OWN, OWN.toLowerCase())), {
    hsts: { maxAge: '1h', includeSubDomains: true },
  });
  const answer = await client.request(get('/'));
  expect([answer.status, answer.header(NAME)]).toEqual([200, 'max-age=3600; includeSubDomains']);
});

test.each([
  ['no route', 404, get('/nowhere'), { upstream: undefined }],
  ['malformed', 400, 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', {}],
  ['too long', 414, get(`/${'a'.repeat(9000)}`), {}],
])("it is in the proxy's own answers: %s", async (_, status, request, listener) => {
  const { client } = await connectedTo(() => {}, { hsts: true, ...listener });
  const answer = await client.request(request);
  expect([answer.status, answer.header(NAME)]).toEqual([status, 'max-age=31536000']);
});

test('over plain HTTP there is none but that of the backend', async () => {
  const { proxy } = await connectedTo((request) => request.reply(ok('hello', OWN)), { hsts: true });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect(answer.header(NAME)).toBe('max-age=1; preload');
});

test('without the setting the backend speaks for itself', async () => {
  const { client } = await connectedTo((request) => request.reply(ok('hello', OWN)), {});
  expect((await client.request(get('/'))).header(NAME)).toBe('max-age=1; preload');
});

test('https is not redirected to https', async () => {
  const { client } = await connectedTo((request) => request.reply(ok('hello')), { redirectToHttps: true });
  expect((await client.request(get('/'))).status).toBe(200);
});
