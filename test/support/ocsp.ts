import {
  AuthorityInfoAccessExtension,
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createHash, generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { contextTag, TAG, writeValue } from '../../certs/der.ts';
import { x509Fields } from '../../certs/x509-fields.ts';
import { listenForTest } from './listen.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

export interface TestIdentity {
  readonly cert: string;
  readonly key: KeyObject;
}

/** An authority, or what `issuer` issues. */
export async function makeIdentity(options: {
  readonly name: string;
  readonly issuer?: TestIdentity;
  readonly ocspUrl?: string;
  readonly mustStaple?: boolean;
  readonly signsOcsp?: boolean;
  readonly expired?: boolean;
}): Promise<TestIdentity> {
  const { name, issuer, ocspUrl, mustStaple = false, signsOcsp = false, expired = false } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const web = publicKey.toCryptoKey(algorithm, true, ['verify']);
  const signer = issuer === undefined ? null : new X509Certificate(issuer.cert);
  const made = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: signer === null ? `CN=${name}` : signer.subject,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + (expired ? -1000 : 90 * DAY_MS)),
    publicKey: web,
    signingKey: (issuer?.key ?? privateKey).toCryptoKey(algorithm, true, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(issuer === undefined, undefined, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      await AuthorityKeyIdentifierExtension.create(web),
      ...(ocspUrl === undefined ? [] : [new AuthorityInfoAccessExtension({ ocsp: [ocspUrl] })]),
      ...(mustStaple ? [new Extension('1.3.6.1.5.5.7.1.24', false, Buffer.from('3003020105', 'hex'))] : []),
      ...(signsOcsp ? [new ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.9'])] : []),
    ].filter((extension) => issuer !== undefined || !(extension instanceof AuthorityKeyIdentifierExtension)),
  });
  return { cert: `${made.toString('pem')}\n`, key: privateKey };
}

/** What a responder says, right or wrong. */
export interface SaidOcsp {
  readonly leaf: string;
  readonly issuer: TestIdentity;
  readonly signer?: TestIdentity;
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  /** Certificates to put in. */
  readonly certificates?: readonly string[];
}

/** An answer (RFC 6960 4.2.1), signed. */
export function ocspResponse(said: SaidOcsp): Buffer {
  const { leaf, issuer, signer = issuer, status = 'good', certificates = [] } = said;
  const { thisUpdate = Date.now() - 1000, nextUpdate = Date.now() + 7 * DAY_MS } = said;
  const { sequence, octetString, objectIdentifier } = TAG;
  const fields = x509Fields(new X509Certificate(issuer.cert));
  const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();
  const single = writeValue(
    sequence,
    writeValue(
      sequence,
      writeValue(sequence, writeValue(objectIdentifier, Buffer.from('2b0e03021a', 'hex'))),
      writeValue(octetString, sha1(fields.subject)),
      writeValue(octetString, sha1(fields.keyBits)),
      x509Fields(new X509Certificate(leaf)).serial,
    ),
    status === 'good'
      ? writeValue(0x80)
      : status === 'unknown'
        ? writeValue(0x82)
        : writeValue(contextTag(1), time(Date.parse('2026-01-02T03:04:05Z'))),
    time(thisUpdate),
    ...(nextUpdate === null ? [] : [writeValue(contextTag(0), time(nextUpdate))]),
  );
  const data = writeValue(
    sequence,
    writeValue(contextTag(2), writeValue(octetString, sha1(fields.keyBits))),
    time(Date.now()),
    writeValue(sequence, single),
  );
  const basic = writeValue(
    sequence,
    data,
    writeValue(sequence, writeValue(objectIdentifier, Buffer.from('2a8648ce3d040302', 'hex'))),
    writeValue(TAG.bitString, Buffer.from([0]), sign('sha256', data, signer.key)),
    writeValue(
      contextTag(0),
      writeValue(sequence, ...certificates.map((cert) => new X509Certificate(cert).raw)),
    ),
  );
  const type = writeValue(objectIdentifier, Buffer.from('2b0601050507300101', 'hex'));
  return writeValue(
    sequence,
    writeValue(TAG.enumerated, Buffer.from([0])),
    writeValue(contextTag(0), writeValue(sequence, type, writeValue(octetString, basic))),
  );
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return writeValue(TAG.generalizedTime, Buffer.from(text, 'latin1'));
}

/** A responder that answers as the test says. @returns its URL */
export async function startResponder(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  return `http://127.0.0.1:${await listenForTest(server, () => server.closeAllConnections())}/ocsp`;
}
