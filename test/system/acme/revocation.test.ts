import { X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';
import { copyOf, notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test('a certificate is revoked by the account, and once more without harm', async () => {
  const pebble = await startPebble();
  const { issuer } = await testIssuer(pebble);
  const { cert } = await issuer.obtain(requestFor(['one.test']), notAborted);
  await issuer.revoke(cert, null, 4, notAborted);
  await issuer.revoke(cert, null, 4, notAborted);
  const { serialNumber } = new X509Certificate(cert);
  expect(await pebble.certificateStatus(serialNumber)).toEqual({ status: 'Revoked', reason: 4 });
});

test.each(['ecdsa-p256', 'ecdsa-p384', 'rsa-2048'] as const)(
  'a certificate is revoked by its own key, without an account: %s',
  async (keyType) => {
    const pebble = await startPebble();
    const { issuer, storage, again } = await testIssuer(pebble);
    const { cert, key } = await issuer.obtain(requestFor(['one.test'], { keyType }), notAborted);
    const stranger = await copyOf(storage);
    for (const name of await stranger.list('accounts')) await stranger.delete(name);
    await again({}, stranger).revoke(cert, key, 1, notAborted);
    const { serialNumber } = new X509Certificate(cert);
    expect(await pebble.certificateStatus(serialNumber)).toEqual({ status: 'Revoked', reason: 1 });
    expect(await stranger.list('accounts')).toEqual([]);
  },
);
