import { X509Certificate } from 'node:crypto';
import type { KnownWindow } from './renewal.ts';
import { needsStaple, ocspSource, readStaple } from './ocsp.ts';
import { pemBlocks } from './stored-pem.ts';

/** Everything there is to say of a certificate besides how it stands. Times are in milliseconds since the epoch. */
export interface CertificateDetails {
  /** As the certificate has them, IP addresses included. */
  readonly subjectAltNames: readonly string[];
  /** SHA-256, hexadecimal with colons. */
  readonly fingerprint256: string;
  /** The leaf first. */
  readonly chain: readonly ChainLink[];
  readonly obtainedAt: number | null;
  /** When the CA wants it to be renewed (RFC 9773), and the moment that was chosen; null: it did not say. */
  readonly window: {
    readonly start: number;
    readonly end: number;
    readonly renewAt: number;
    readonly explanationUrl: string | null;
  } | null;
  /** URL of the OCSP responder; null: it has none. */
  readonly responder: string | null;
  readonly mustStaple: boolean;
  /** What handshakes carry now. */
  readonly staple: { readonly thisUpdate: number; readonly nextUpdate: number } | null;
}

interface ChainLink {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What is known of it besides. */
interface Known {
  readonly obtainedAt: Date | null;
  readonly window: KnownWindow | null;
  /** DER in base64. */
  readonly staple: string | null;
}

/** `cert`: PEM, the leaf and its chain. */
export function detailsOf(cert: string, known: Known, now: number): CertificateDetails {
  const chain = pemBlocks(cert).map(({ pem }) => new X509Certificate(pem));
  const [leaf] = chain;
  const { window, obtainedAt } = known;
  const source = ocspSource(cert);
  const staple =
    source === null || known.staple === null
      ? null
      : readStaple(Buffer.from(known.staple, 'base64'), source, now);
  return {
    subjectAltNames: (leaf?.subjectAltName ?? '').split(', ').filter((name) => name !== ''),
    fingerprint256: leaf?.fingerprint256 ?? '',
    chain: chain.map(linkOf),
    obtainedAt: obtainedAt?.getTime() ?? null,
    window:
      window === null
        ? null
        : {
            start: window.start.getTime(),
            end: window.end.getTime(),
            renewAt: window.renewAt.getTime(),
            explanationUrl: window.explanationUrl,
          },
    responder: source?.url ?? null,
    mustStaple: needsStaple(cert),
    staple:
      staple === null || !('staple' in staple)
        ? null
        : {
            thisUpdate: staple.staple.thisUpdate.getTime(),
            nextUpdate: staple.staple.nextUpdate.getTime(),
          },
  };
}

function linkOf({ subject, issuer, serialNumber, validFromDate, validToDate }: X509Certificate): ChainLink {
  return {
    // Of several lines, one for each part.
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    serial: serialNumber,
    notBefore: validFromDate.getTime(),
    notAfter: validToDate.getTime(),
  };
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}
