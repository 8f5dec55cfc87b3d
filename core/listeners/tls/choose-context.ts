import type { SecureContext } from 'node:tls';
import type { TlsPolicy } from '../../shared/tls-policy.ts';
import type { ClientHello } from '../../shared/client-hello.ts';

/** A certificate, ready for handshakes. */
export interface NamedContext {
  readonly keyType: string;
  readonly context: SecureContext;
  /** OCSP answer (RFC 6960) for clients that ask for one, DER; null: there is none. */
  readonly staple: Buffer | null;
}

/**
 * A context for each type of key: of one that has several, Node uses only the last for a name.
 * The preferred one comes first.
 */
export type NamedContexts = readonly NamedContext[];

/** What a client can do, as far as the choice of a certificate goes. */
export interface ClientAbilities {
  /** As `TLSSocket.getSharedSigalgs` names them: `ECDSA+SHA256`, `RSA-PSS+SHA256`, `Ed25519` … */
  readonly signatures: readonly string[];
  /** null: it could not be read. */
  readonly hello: ClientHello | null;
}

/**
 * The cipher suites of TLS 1.2 that go with an ECDSA or EdDSA certificate (RFC 8422 2 and 5.3), by OpenSSL's names. In TLS 1.3
 * a suite has nothing to do with the certificate.
 */
const ECDSA_SUITES: ReadonlyMap<string, number> = new Map([
  ['ECDHE-ECDSA-AES128-SHA', 0xc009],
  ['ECDHE-ECDSA-AES256-SHA', 0xc00a],
  ['ECDHE-ECDSA-AES128-SHA256', 0xc023],
  ['ECDHE-ECDSA-AES256-SHA384', 0xc024],
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 0xc02b],
  ['ECDHE-ECDSA-AES256-GCM-SHA384', 0xc02c],
  ['ECDHE-ECDSA-CAMELLIA128-SHA256', 0xc072],
  ['ECDHE-ECDSA-CAMELLIA256-SHA384', 0xc073],
  ['ECDHE-ECDSA-ARIA128-GCM-SHA256', 0xc05c],
  ['ECDHE-ECDSA-ARIA256-GCM-SHA384', 0xc05d],
  ['ECDHE-ECDSA-AES128-CCM', 0xc0ac],
  ['ECDHE-ECDSA-AES256-CCM', 0xc0ad],
  ['ECDHE-ECDSA-AES128-CCM8', 0xc0ae],
  ['ECDHE-ECDSA-AES256-CCM8', 0xc0af],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', 0xcca9],
]);

/** The context for this client; the last one for a client that can do with none, which OpenSSL then tells. */
export function chooseContext(
  contexts: NamedContexts,
  client: ClientAbilities,
  policy: TlsPolicy,
): NamedContext | undefined {
  const usable = contexts.find(({ keyType }) => suits(keyType, client, policy));
  return usable ?? contexts.at(-1);
}

function suits(keyType: string, { signatures, hello }: ClientAbilities, policy: TlsPolicy): boolean {
  if (!signatures.some((each) => signs(keyType, each))) return false;
  if (hello === null || isRsa(keyType) || willSpeakTls13(hello, policy)) return true;
  return policy.ciphers.some((name) => {
    const suite = ECDSA_SUITES.get(name);
    return suite !== undefined && hello.suites.includes(suite);
  });
}

function willSpeakTls13(hello: ClientHello, policy: TlsPolicy): boolean {
  return hello.offersTls13 && policy.maxVersion === 'TLSv1.3';
}

function signs(keyType: string, signature: string): boolean {
  const algorithm = signature.toLowerCase();
  return keyType === 'ec' ? algorithm.startsWith('ecdsa') : algorithm.startsWith(keyType);
}

/** RSA costs the server ten times as much. */
export function preference(keyType: string): number {
  return isRsa(keyType) ? 1 : 0;
}

function isRsa(keyType: string): boolean {
  return keyType.startsWith('rsa');
}
