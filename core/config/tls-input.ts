import type { TlsConfig } from '../shared/listener-types.ts';
import type { Duration } from '../shared/duration.ts';
import type { TlsPolicy } from '../shared/tls-policy.ts';

export interface TlsInput {
  /** Which one a client gets, the name it asks for (SNI) decides: exact before wildcard before `default`. Required unless there is `certificates` at the top level. */
  certificates?: readonly CertificateInput[] | undefined;
  /** The name whose certificate clients get that ask for an unknown name or for none. Default: the first certificate, those of files before those that Tidegate obtains. */
  default?: string | undefined;
  /** What a client gets that asks for an unknown name: the default certificate, or a TLS alert. Default: `'default'`. */
  unknownNames?: TlsConfig['unknownNames'] | undefined;
  /** Clients get OCSP staples with those of `certificates` that name a responder and come with their issuer. Default: true. */
  ocspStapling?: boolean | undefined;
  /** Versions, cipher suites and groups: as Mozilla recommends, or your own. Default: `'intermediate'`. */
  policy?: 'modern' | 'intermediate' | TlsPolicyInput | undefined;
  /** Clients are asked for a certificate of their own; `ca`: path of the authorities that it must come from, PEM. */
  clientCertificates?: { mode: 'require' | 'optional'; ca: string } | undefined;
  /** For a whole TLS handshake. Default: `'10s'`. */
  handshakeTimeout?: Duration | undefined;
  /** Handshakes under way in a worker. Default: 500. */
  maxHandshakes?: number | undefined;
  /** How long a key seals session tickets, at least a minute; it opens them for as long again. Default: `'12h'`. */
  ticketRotation?: Duration | undefined;
  /** Certificates that a worker keeps ready for use. Default: 1000. */
  cache?: number | undefined;
}

export interface CertificateInput {
  /** Path of the certificate with its chain, PEM. */
  cert: string;
  /** Path of its private key, PEM. */
  key: string;
  /** The names that it serves. Default: the DNS names in the certificate. */
  names?: readonly string[] | undefined;
}

export interface TlsPolicyInput {
  /** Default: `'TLSv1.2'`. */
  minVersion?: TlsPolicy['minVersion'] | undefined;
  /** Default: `'TLSv1.3'`. */
  maxVersion?: TlsPolicy['maxVersion'] | undefined;
  /** By OpenSSL's names. Default: those of `'intermediate'`. */
  ciphers?: readonly string[] | undefined;
  /** Key exchange groups by OpenSSL's names. Default: those of `'intermediate'`. */
  groups?: readonly string[] | undefined;
}
