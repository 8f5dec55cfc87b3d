import { X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test('certificates are ordered for each type of key', async () => {
  const pebble = await startPebble({ reusedAuthorizations: 100 });
  const { issuer } = await testIssuer(pebble);
  const details = [];
  for (const keyType of ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096'] as const) {
    const { cert } = await issuer.obtain(requestFor(['one.test'], { keyType }), notAborted);
    const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(cert).publicKey;
    details.push([
      asymmetricKeyType,
      asymmetricKeyDetails?.namedCurve ?? asymmetricKeyDetails?.modulusLength,
    ]);
  }
  expect(details).toEqual([
    ['ec', 'prime256v1'],
    ['ec', 'secp384r1'],
    ['rsa', 2048],
    ['rsa', 4096],
  ]);
});

test('a valid authorization is not shown again', async () => {
  const pebble = await startPebble({ reusedAuthorizations: 100 });
  const { issuer, asked } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  const before = asked.http;
  await issuer.obtain(requestFor(['one.test'], { keyType: 'ecdsa-p384' }), notAborted);
  expect(asked.http).toBe(before);
});
