import type { X509Certificate } from 'node:crypto';
import { bitsOf, contextTag, DerError, readInside, readValue, TAG, type DerValue } from './der.ts';

/** 1.3.6.1.5.5.7.1.24 (RFC 7633). */
const TLS_FEATURE = '2b06010505070118';

/** `status_request` (RFC 6066 8). */
const STATUS_REQUEST = 5;

/** Parts of a certificate that `node:crypto` does not give. */
export interface X509Fields {
  /** As it is in the certificate: tag, length and number. */
  readonly serial: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** The bits of the public key alone, without its algorithm. */
  readonly keyBits: Buffer;
  /** Clients refuse it without a staple (RFC 7633). */
  readonly mustStaple: boolean;
}

/** RFC 5280 4.1. */
export function x509Fields(certificate: X509Certificate): X509Fields {
  const [tbs] = readInside(readValue(certificate.raw), TAG.sequence);
  const fields = readInside(tbs, TAG.sequence);
  if (fields[0]?.tag === contextTag(0)) fields.shift();
  const [serial, , issuer, , subject, keyInfo, ...rest] = fields;
  if (serial?.tag !== TAG.integer || issuer === undefined || subject === undefined)
    throw new DerError('expected a certificate');
  const [, keyBits] = readInside(keyInfo, TAG.sequence);
  return {
    serial: serial.raw,
    issuer: issuer.raw,
    subject: subject.raw,
    keyBits: bitsOf(keyBits),
    mustStaple: hasMustStaple(rest.find(({ tag }) => tag === contextTag(3))),
  };
}

function hasMustStaple(wrapped: DerValue | undefined): boolean {
  if (wrapped === undefined) return false;
  const [extensions] = readInside(wrapped, contextTag(3));
  return readInside(extensions, TAG.sequence).some((extension) => {
    const parts = readInside(extension, TAG.sequence);
    const [id, value] = [parts[0], parts.at(-1)];
    if (id?.content.toString('hex') !== TLS_FEATURE || value === undefined) return false;
    const features = readInside(readValue(value.content), TAG.sequence);
    return features.some(({ content }) => content.length === 1 && content[0] === STATUS_REQUEST);
  });
}
