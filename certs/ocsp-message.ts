import { createHash, verify, X509Certificate } from 'node:crypto';
import {
  bitsOf,
  contentOf,
  contextTag,
  DerError,
  readInside,
  readValue,
  TAG,
  timeOf,
  writeValue,
  type DerValue,
} from './der.ts';
import { x509Fields } from './x509-fields.ts';

/** RFC 6960 4.2.1, or why the answer cannot be used. */
export type OcspAnswer =
  | { readonly status: 'good'; readonly thisUpdate: Date; readonly nextUpdate: Date }
  | { readonly status: 'revoked'; readonly revokedAt: Date }
  | { readonly status: 'unusable'; readonly problem: string };

/** A certificate and who issued it. */
export interface Issued {
  readonly leaf: X509Certificate;
  readonly issuer: X509Certificate;
}

const OID = {
  sha1: '2b0e03021a',
  basicResponse: '2b0601050507300101',
} as const;

/** Purpose of a certificate that may sign answers on behalf of its issuer (RFC 6960 4.2.2.2). */
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

/** By what the responder says that it signed with. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

/** Clocks differ. */
const SKEW_MS = 5 * 60 * 1000;

/** More signers or certificates than any answer to our question needs; a signature costs time to check. */
const MAX_SIGNERS = 4;

const STATUS_NAMES: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};

/** The question for one certificate, without a nonce, so that the responder may answer from a cache (RFC 5019). */
export function ocspRequest(issued: Issued): Buffer {
  const { sequence } = TAG;
  return writeValue(
    sequence,
    writeValue(sequence, writeValue(sequence, writeValue(sequence, certificateId(issued)))),
  );
}

/** CertID of RFC 6960 4.1.1. SHA-1 is no more than a name here, and the one that every responder knows (RFC 5019 2.1.1). */
function certificateId({ leaf, issuer }: Issued): Buffer {
  const { serial, issuer: name } = x509Fields(leaf);
  const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();
  return writeValue(
    TAG.sequence,
    writeValue(
      TAG.sequence,
      writeValue(TAG.objectIdentifier, Buffer.from(OID.sha1, 'hex')),
      writeValue(TAG.null),
    ),
    writeValue(TAG.octetString, sha1(name)),
    writeValue(TAG.octetString, sha1(x509Fields(issuer).keyBits)),
    serial,
  );
}

/** Checks what a responder answered, as clients will: RFC 6960 3.2, 4.2.2. */
export function checkAnswer(bytes: Buffer, issued: Issued, now: number): OcspAnswer {
  try {
    return check(bytes, issued, now);
  } catch (error) {
    if (error instanceof DerError) return unusable('it cannot be read');
    throw error;
  }
}

function check(bytes: Buffer, issued: Issued, now: number): OcspAnswer {
  const [status, body] = readInside(readValue(bytes), TAG.sequence);
  const code = contentOf(status, TAG.enumerated);
  if (code.length !== 1 || code[0] !== 0)
    return unusable(`the responder says ${STATUS_NAMES[code[0] ?? 0] ?? `status ${code.toString('hex')}`}`);
  const [wrapped] = readInside(body, contextTag(0));
  const [type, octets] = readInside(wrapped, TAG.sequence);
  if (contentOf(type, TAG.objectIdentifier).toString('hex') !== OID.basicResponse)
    return unusable('it is of an unknown type');
  const basic = readInside(readValue(contentOf(octets, TAG.octetString)), TAG.sequence);
  const problem = checkSignature(basic, issued, now);
  if (problem !== null) return unusable(problem);
  return checkContents(basic[0], issued, now);
}

function checkContents(data: DerValue | undefined, issued: Issued, now: number): OcspAnswer {
  const fields = readInside(data, TAG.sequence);
  if (fields[0]?.tag === contextTag(0)) fields.shift();
  const [, , responses] = fields;
  const wanted = idParts(readValue(certificateId(issued)));
  for (const response of readInside(responses, TAG.sequence)) {
    const [id, status, thisUpdate, ...rest] = readInside(response, TAG.sequence);
    if (id === undefined || !isEqual(idParts(id), wanted)) continue;
    return checkStatus(status, timeOf(thisUpdate), rest, now);
  }
  return unusable('it is about another certificate');
}

function checkStatus(
  status: DerValue | undefined,
  thisUpdate: Date,
  rest: readonly DerValue[],
  now: number,
): OcspAnswer {
  const next = rest.find(({ tag }) => tag === contextTag(0));
  // Without it clients may take the answer to be out of date at once (RFC 6960 2.4; RFC 5019 2.2.4 wants it).
  if (next === undefined) return unusable('it does not say until when it is good');
  const nextUpdate = timeOf(readInside(next, contextTag(0))[0]);
  if (thisUpdate.getTime() > now + SKEW_MS) return unusable(`it is good from ${thisUpdate.toISOString()} on`);
  if (nextUpdate.getTime() <= now) return unusable(`it was good until ${nextUpdate.toISOString()}`);
  // [0] good, [1] revoked, [2] unknown; [1] alone is constructed.
  if (status?.tag === 0x80) return { status: 'good', thisUpdate, nextUpdate };
  if (status?.tag !== contextTag(1)) return unusable('the responder does not know the certificate');
  const [revokedAt] = readInside(status, contextTag(1));
  return { status: 'revoked', revokedAt: timeOf(revokedAt) };
}

/** Hash algorithm, hashes and number: parameters of the algorithm may be there or not. */
function idParts(id: DerValue): Buffer[] {
  const [algorithm, nameHash, keyHash, serial] = readInside(id, TAG.sequence);
  return [
    contentOf(readInside(algorithm, TAG.sequence)[0], TAG.objectIdentifier),
    contentOf(nameHash, TAG.octetString),
    contentOf(keyHash, TAG.octetString),
    contentOf(serial, TAG.integer),
  ];
}

function isEqual(one: readonly Buffer[], other: readonly Buffer[]): boolean {
  return one.every((part, at) => other[at]?.equals(part) === true);
}

/** By the issuer itself, or by whom it let sign in its place (RFC 6960 4.2.2.2). @returns what is wrong */
function checkSignature(
  [data, algorithm, signature, wrapped]: readonly DerValue[],
  { issuer }: Issued,
  now: number,
): string | null {
  const oid = contentOf(readInside(algorithm, TAG.sequence)[0], TAG.objectIdentifier).toString('hex');
  const hash = HASHES.get(oid);
  if (hash === undefined) return 'it is signed in a way that is not supported';
  if (data === undefined) throw new DerError('expected an answer');
  const bits = bitsOf(signature);
  const isBy = (signer: X509Certificate): boolean => {
    try {
      return verify(hash, data.raw, signer.publicKey, bits);
    } catch {
      // Another type of key than the algorithm wants.
      return false;
    }
  };
  if (isBy(issuer)) return null;
  const delegates = wrapped === undefined ? [] : delegatesIn(wrapped, issuer, now);
  return delegates.some(isBy) ? null : 'it is not signed by the issuer of the certificate';
}

function delegatesIn(wrapped: DerValue, issuer: X509Certificate, now: number): X509Certificate[] {
  const [list] = readInside(wrapped, contextTag(0));
  return readInside(list, TAG.sequence)
    .slice(0, MAX_SIGNERS)
    .flatMap(({ raw }) => {
      try {
        const signer = new X509Certificate(raw);
        return mayStandFor(signer, issuer, now) ? [signer] : [];
      } catch {
        return [];
      }
    });
}

function mayStandFor(signer: X509Certificate, issuer: X509Certificate, now: number): boolean {
  return (
    (signer.keyUsage ?? []).includes(OCSP_SIGNING) &&
    signer.validFromDate.getTime() <= now + SKEW_MS &&
    signer.validToDate.getTime() > now &&
    signer.checkIssued(issuer) &&
    signer.verify(issuer.publicKey)
  );
}

function unusable(problem: string): OcspAnswer {
  return { status: 'unusable', problem };
}
