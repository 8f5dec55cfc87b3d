import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { IssuerError, type IssuedCertificate } from './issuer.ts';
import { pemBlocks } from './stored-pem.ts';

/** Clients take some ten of them (OpenSSL's depth and size limits), and every handshake carries all. */
const MOST_IN_CHAIN = 10;

/**
 * Throws IssuerError for a certificate that no handshake could be made with, which is not to take the place of one that works.
 * A CA may be right by its own clock: then ours is wrong, and the message says which time counted.
 */
export function checkServable({ cert, key }: IssuedCertificate, now: number): void {
  const chain = pemBlocks(cert);
  const [leaf] = chain;
  if (leaf === undefined || chain.length > MOST_IN_CHAIN)
    throw new IssuerError('bad-answer', `the CA sent a chain of ${chain.length} certificates`);
  const { validToDate } = new X509Certificate(leaf.pem);
  if (validToDate.getTime() <= now)
    throw new IssuerError(
      'bad-answer',
      `the CA sent a certificate that expired at ${validToDate.toISOString()}; it is ${new Date(now).toISOString()} here`,
    );
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IssuerError('bad-answer', `the CA sent a certificate that TLS cannot use: ${why}`, { cause });
  }
}
