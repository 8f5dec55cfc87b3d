import { createPrivateKey, createPublicKey, generateKeyPair, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

import * as x509 from '@peculiar/x509';
import type { KeyType } from '../core/shared/certificates-config.ts';

const generate = promisify(generateKeyPair);

const ecdsa = (namedCurve: 'P-256' | 'P-384', hash: 'SHA-256' | 'SHA-384') => ({
  name: 'ECDSA',
  namedCurve,
  hash,
});
const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

const signing = {
  'ecdsa-p256': ecdsa('P-256', 'SHA-256'),
  'ecdsa-p384': ecdsa('P-384', 'SHA-384'),
  'rsa-2048': rsa,
  'rsa-4096': rsa,
} satisfies Readonly<Record<KeyType, unknown>>;

/** PEM (PKCS #8). */
export async function newPrivateKey(keyType: KeyType): Promise<string> {
  const { privateKey } = await (keyType === 'ecdsa-p256' || keyType === 'ecdsa-p384'
    ? generate('ec', { namedCurve: keyType === 'ecdsa-p256' ? 'P-256' : 'P-384' })
    : generate('rsa', { modulusLength: keyType === 'rsa-2048' ? 2048 : 4096 }));
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

/** For WebCrypto, which @peculiar/x509 signs with. */
export function webKeys(
  keyPem: string,
  keyType: KeyType,
): { readonly keys: webcrypto.CryptoKeyPair; readonly signingAlgorithm: (typeof signing)[KeyType] } {
  const privateKey = createPrivateKey(keyPem);
  const algorithm = signing[keyType];
  return {
    keys: {
      privateKey: privateKey.toCryptoKey(algorithm, false, ['sign']),
      publicKey: createPublicKey(privateKey).toCryptoKey(algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
  };
}

/** `status_request` (5) as the only feature (RFC 7633 4.1). */
const mustStapleExtension = new x509.Extension('1.3.6.1.5.5.7.1.24', false, Buffer.from('3003020105', 'hex'));

/** A certificate signing request (RFC 2986). PEM. The names are in subjectAltName alone (RFC 8555 7.4). */
export async function createCertificateRequest(
  names: readonly string[],
  keyType: KeyType,
  keyPem: string,
  mustStaple: boolean,
): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      ...webKeys(keyPem, keyType),
      extensions: [
        new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
        ...(mustStaple ? [mustStapleExtension] : []),
      ],
    },
    webcrypto,
  );
  return request.toString('pem');
}
