import { expect, test } from 'vitest';
import jwt from '../../../plugins/builtin/jwt/jwt.ts';
import { TestContext } from '../../../plugins/testing/test-context.ts';
import type { DataPath } from '../../support/data-path.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { ec, pemOf, sign } from '../../unit/plugins/jwt/tokens.ts';
import { entry, site, startProxy } from '../http1/setup.ts';
import { loadSandbox, UNHURRIED } from '../rules/load-sandbox.ts';

const script = `export default defineRules({
  request(req) { return forward('site', { setHeaders: { 'x-rule': String(req.variables.get('jwt.sub')) + (req.headers.get('x-user') ?? '') } }); },
});`;

async function start(options: object): Promise<{ proxy: DataPath; backend: RawBackend }> {
  const result = await jwt.options['~standard'].validate({ publicKey: pemOf(ec.publicKey), ...options });
  if (result.issues !== undefined) throw new Error(JSON.stringify(result.issues));
  const { script: rules } = await loadSandbox(script, UNHURRIED);
  const backend = await startRawBackend((request) => request.reply(ok('in')));
  const plugin = await jwt.create(result.value, new TestContext({}));
  return {
    backend,
    proxy: await startProxy({ rules, upstreams: site([backend.port]), plugins: chainOf(plugin) }),
  };
}

test('the backend and the rule get what the token says, and not the token', async () => {
  const { proxy, backend } = await start({
    from: ['query:token'],
    keepToken: false,
    claimsToHeaders: { sub: 'X-User' },
    claimsToRules: ['sub'],
  });
  const client = await connectRaw(proxy.port);
  const target = `/a?token=${await sign()}&b=c`;
  expect(await client.request(get(target, 'X-User: root', 'X_User: root'))).toMatchObject({ body: 'in' });
  const { head } = await backend.request(0);
  expect(head).toMatch(/^GET \/a\?b=c HTTP/);
  expect(head.match(/x.user: .*/gi)).toEqual(['X-User: kim']);
  expect(head).toContain('x-rule: kimkim');
  expect(await entry(proxy)).toMatchObject({ fields: { user: 'kim' }, decision: 'forward site' });
});

test('attack: two Authorization fields on the wire are refused, whatever they hold', async () => {
  const { proxy, backend } = await start({});
  const client = await connectRaw(proxy.port);
  const field = `Authorization: Bearer ${await sign()}`;
  for (const second of ['Authorization: Bearer x', 'authorization: Basic a2ltOng=', field])
    expect((await client.request(get('/', field, second))).status).toBe(400);
  expect((await client.request(get('/', field))).status).toBe(200);
  expect(backend.requests).toHaveLength(1);
});

test('a connection goes on after a refusal, and the log never has the token', async () => {
  const { proxy } = await start({});
  const client = await connectRaw(proxy.port);
  const token = await sign({ exp: 1 });
  const refused = await client.request(get('/', `Authorization: Bearer ${token}`));
  expect([refused.status, refused.header('www-authenticate')]).toEqual([
    401,
    'Bearer realm="Restricted", error="invalid_token"',
  ]);
  expect((await client.request(get('/', `Authorization: Bearer ${await sign()}`))).status).toBe(200);
  expect(JSON.stringify(proxy.entries)).not.toContain(token.slice(-20));
  expect(proxy.entries[0]).toMatchObject({ fields: { jwt: 'expired' } });
});
