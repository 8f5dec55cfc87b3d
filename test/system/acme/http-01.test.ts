import { X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test('a CA issues for several names that are shown over HTTP', async () => {
  const pebble = await startPebble();
  const { issuer, storage, asked, lines } = await testIssuer(pebble);
  const { cert, key } = await issuer.obtain(requestFor(['one.test', 'two.test']), notAborted);

  const leaf = new X509Certificate(cert);
  expect(leaf.subjectAltName?.split(', ').toSorted()).toEqual(['DNS:one.test', 'DNS:two.test']);
  expect(leaf.publicKey.asymmetricKeyType).toBe('ec');
  expect(cert.match(/BEGIN CERTIFICATE/g)?.length).toBe(2);
  expect(key).toContain('PRIVATE KEY');
  // For each name our own look, and those of the CA.
  expect(asked.http).toBeGreaterThanOrEqual(4);
  expect(asked.alpn).toBe(0);
  expect(await storage.list('accounts')).toHaveLength(2);
  expect(lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});
