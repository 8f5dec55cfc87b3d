import * as x509 from '@peculiar/x509';
import { expect, test } from 'vitest';
import { createCertificateRequest, newPrivateKey } from '../../../certs/certificate-request.ts';

test.each([
  ['ecdsa-p256', false],
  ['ecdsa-p384', true],
  ['rsa-2048', true],
] as const)('a request for %s, must-staple %s', async (keyType, mustStaple) => {
  const names = ['one.test', '*.one.test'];
  const key = await newPrivateKey(keyType);
  const request = new x509.Pkcs10CertificateRequest(
    await createCertificateRequest(names, keyType, key, mustStaple),
  );
  expect(await request.verify()).toBe(true);
  expect(request.subject).toBe('');
  const alternative = request.getExtension('2.5.29.17');
  expect(
    new x509.SubjectAlternativeNameExtension(alternative?.rawData ?? Buffer.alloc(0)).names.toJSON(),
  ).toEqual(names.map((value) => ({ type: 'dns', value })));
  // RFC 7633: a SEQUENCE of the one INTEGER 5.
  const feature = request.getExtension('1.3.6.1.5.5.7.1.24');
  expect(feature === null ? null : Buffer.from(feature.value).toString('hex')).toBe(
    mustStaple ? '3003020105' : null,
  );
});
