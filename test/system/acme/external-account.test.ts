import { expect, test } from 'vitest';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';

test('an account is bound to one that the CA knows', async () => {
  const pebble = await startPebble({ externalAccounts: { 'kid-1': hmacKey } });
  const { issuer } = await testIssuer(pebble, { config: { externalAccount: { keyId: 'kid-1', hmacKey } } });
  await issuer.obtain(requestFor(['one.test']), notAborted);
  expect(await issuer.account.status()).toMatchObject({ status: 'valid' });
});

test('a CA that wants an external account says so', async () => {
  const pebble = await startPebble({ externalAccounts: { 'kid-1': hmacKey } });
  const { issuer } = await testIssuer(pebble);
  await expect(issuer.obtain(requestFor(['one.test']), notAborted)).rejects.toMatchObject({
    kind: 'account',
    type: 'urn:ietf:params:acme:error:externalAccountRequired',
  });
});
