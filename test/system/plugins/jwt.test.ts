import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { expect, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { startNamedBackend } from '../../support/named-backends.ts';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

interface Issuer {
  readonly jwk: JWK;
  sign(claims: Record<string, unknown>): Promise<string>;
}

async function issuer(kid: string): Promise<Issuer> {
  const pair: { publicKey: CryptoKey; privateKey: CryptoKey } = await generateKeyPair('ES256');
  return {
    jwk: { ...(await exportJWK(pair.publicKey)), kid },
    sign: (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid })
        .setExpirationTime('5m')
        .sign(pair.privateKey),
  };
}

async function statusOf(tidegate: TidegateProcess, listener: string, token: string): Promise<number> {
  // A connection of its own each time: any worker may get it.
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  return (await fetch(await tidegate.url(listener), { headers })).status;
}

test('keys from an issuer that is away at first and rotates them, and a rule that places by claims', async () => {
  const [first, second] = await Promise.all([issuer('1'), issuer('2')]);
  const site = await startNamedBackend();
  const staff = await startNamedBackend();
  const port = await unusedPort();
  const jwks = 'refresh: 1h, coolDown: 1ms';
  const listener = (name: string, from: string): string =>
    `  - { name: ${name}, address: '127.0.0.1:0', rules: ./rules.ts, upstream: site, plugins: [{ use: jwt, options: { jwks: { ${from}, ${jwks} }, claimsToRules: [roles] } }] }`;
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'rules.ts': `import { defineRules, forward } from 'tidegate/rules';
export default defineRules({ request: (req) => req.variables.get('jwt.roles') === '["staff"]' ? forward('staff') : undefined });`,
      'tidegate.config.yaml': [
        'listeners:',
        listener('url', `url: 'http://127.0.0.1:${port}/keys'`),
        listener('upstream', 'upstream: issuer, path: /keys'),
        'upstreams:',
        `  issuer: { backends: [{ address: 127.0.0.1:${port} }], healthCheck: false }`,
        `  site: { backends: [{ address: ${site.address} }] }`,
        `  staff: { backends: [{ address: ${staff.address} }] }`,
        'workers: 2',
        '',
      ].join('\n'),
    },
  });
  const token = await first.sign({ sub: 'kim', roles: ['staff'] });
  for (const name of ['url', 'upstream']) expect(await statusOf(tidegate, name, token)).toBe(503);

  let keys = [first.jwk];
  const server = createServer((_, response) => response.end(JSON.stringify({ keys })));
  await listenForTest(server, () => server.closeAllConnections(), '127.0.0.1', port);
  for (const name of ['url', 'upstream'])
    await poll(async () => (await statusOf(tidegate, name, token)) === 200);
  expect(staff.requests()).toBeGreaterThan(0);
  expect(site.requests()).toBe(0);

  keys = [second.jwk];
  const next = await second.sign({ sub: 'kim', roles: ['guest', 'staff'] });
  for (const name of ['url', 'upstream']) {
    expect(await statusOf(tidegate, name, next)).toBe(200);
    await poll(async () => (await statusOf(tidegate, name, token)) === 401);
  }
  expect(site.requests()).toBe(2);
  expect(tidegate.lines.some(({ msg }) => msg === 'reloaded')).toBe(false);
});
