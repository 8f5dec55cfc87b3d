import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';

import type { AcmeConnection } from './acme-connection.ts';
import { IssuerError } from './issuer.ts';

/**
 * Revokes a certificate in the name of its own key (RFC 8555 7.6), so that it needs no account. acme-client signs
 * with account keys alone.
 * @throws IssuerError
 */
export async function revokeByOwnKey(
  connection: AcmeConnection,
  directory: string,
  { certPem, keyPem, reason }: { readonly certPem: string; readonly keyPem: string; readonly reason: number },
  signal: AbortSignal,
): Promise<void> {
  const { newNonce, revokeCert } = await connection.directory(directory, signal);
  if (revokeCert === undefined) throw new IssuerError('rejected', 'the CA revokes nothing');
  const payload = { certificate: new X509Certificate(certPem).raw.toString('base64url'), reason };
  await connection.post(
    { url: revokeCert, newNonce },
    (nonce) => signedByKey(keyPem, { nonce, url: revokeCert }, payload),
    signal,
  );
}

/** RFC 8555 6.2, with the public key in it. */
function signedByKey(
  keyPem: string,
  header: { readonly nonce: string; readonly url: string },
  payload: object,
): string {
  const key = createPrivateKey(keyPem);
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const is384 = jwk.crv === 'P-384';
  const alg = jwk.kty === 'RSA' ? 'RS256' : is384 ? 'ES384' : 'ES256';
  const encoded = {
    protected: encode({ alg, jwk, ...header }),
    payload: encode(payload),
  };
  const signature = sign(
    is384 ? 'sha384' : 'sha256',
    Buffer.from(`${encoded.protected}.${encoded.payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
  );
  return JSON.stringify({ ...encoded, signature: signature.toString('base64url') });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
