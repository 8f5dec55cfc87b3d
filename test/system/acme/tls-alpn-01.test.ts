import { X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test('a CA issues for names that are shown in a handshake alone', async () => {
  const pebble = await startPebble();
  const { issuer, asked } = await testIssuer(pebble);
  const { cert } = await issuer.obtain(
    requestFor(['one.test', 'two.test'], { challenges: ['tls-alpn-01'] }),
    notAborted,
  );

  expect(new X509Certificate(cert).subjectAltName?.split(', ').toSorted()).toEqual([
    'DNS:one.test',
    'DNS:two.test',
  ]);
  expect(asked.http).toBe(0);
  expect(asked.alpn).toBeGreaterThanOrEqual(4);
});
