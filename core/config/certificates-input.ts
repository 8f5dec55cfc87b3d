import type { ChallengeType, KeyType, TsigAlgorithm } from '../shared/certificates-config.ts';
import type { Duration } from '../shared/duration.ts';

export interface CertificatesInput {
  /** The folder that accounts, keys and certificates are kept in. Default: `'./certificates-data'`. */
  storage?: string | undefined;
  /** Certificates from a CA that speaks ACME (RFC 8555), Let's Encrypt for one. */
  acme?: AcmeInput | readonly AcmeInput[] | undefined;
  /** Certificates obtained in the first handshake for a name. */
  onDemand?: OnDemandInput | undefined;
  /** Names with certificates from a root of this installation's own, for development. */
  selfSigned?: readonly string[] | undefined;
}

/** Whom to ask, and as whom. */
export interface AcmeIssuerInput {
  /** The URL of the CA's directory. Default: that of Let's Encrypt. */
  directory?: string | undefined;
  /** Path of the authorities that the CA's own server must prove itself by, PEM. Default: the system's. */
  caFile?: string | undefined;
  /** Where the CA may write to. */
  email?: string | readonly string[] | undefined;
  /** What ties the account to one that the CA has already (RFC 8555 7.3.4). */
  externalAccount?: { keyId: string; hmacKey: SecretInput } | undefined;
  /** The CA's name for a kind of certificate. */
  profile?: string | undefined;
  /** Common name of the issuer that the chain should lead to. */
  preferredChain?: string | undefined;
}

/** On what terms certificates are ordered. */
export interface AcmeTermsInput extends AcmeIssuerInput {
  /** CAs that are asked, in this order, when those before have failed; `email` is that of the first unless it has its own. */
  fallback?: readonly (AcmeIssuerInput & { directory: string })[] | undefined;
  /** One certificate is obtained for each. Default: `['ecdsa-p256']`. */
  keyTypes?: readonly KeyType[] | undefined;
  /** How names are proved; the first that is possible is tried first. Default: `http-01`, `tls-alpn-01`, and `dns-01` where there is `dns`. */
  challenges?: readonly ChallengeType[] | undefined;
  /** Who writes the records of `dns-01`. */
  dns?: DnsUpdateInput | DnsCommandInput | undefined;
  /** Ask for certificates that are good only with an OCSP staple (RFC 7633). Default: false. */
  mustStaple?: boolean | undefined;
}

export interface AcmeInput extends AcmeTermsInput {
  /** Names with a certificate each; a list in the list is one certificate with all of its names. */
  domains?: readonly (string | readonly string[])[] | undefined;
}

/** A text, or where it is to be read: an environment variable or a file. */
export type SecretInput = string | { env: string; file?: undefined } | { file: string; env?: undefined };

/** RFC 2136. */
export interface DnsUpdateInput {
  type: 'update';
  /** The server that takes updates: `'10.0.0.53:53'`. */
  server: string;
  /** Default: found by asking for the SOA record. */
  zone?: string | undefined;
  /** The key that updates are signed with (RFC 8945). */
  tsig?: { name: string; algorithm?: TsigAlgorithm | undefined; secret: SecretInput } | undefined;
  /** Of the records. Default: `'60s'`. */
  ttl?: Duration | undefined;
  /** How long a record may take until it is seen. Default: `'2m'`. */
  propagationTimeout?: Duration | undefined;
}

export interface DnsCommandInput {
  type: 'command';
  /** Program and arguments, started without a shell; `present RECORD-NAME VALUE` or `remove RECORD-NAME VALUE` come behind. */
  command: readonly string[];
  /** For one run. Default: `'60s'`. */
  timeout?: Duration | undefined;
  /** How long a record may take until it is seen. Default: `'2m'`. */
  propagationTimeout?: Duration | undefined;
}

export interface OnDemandInput {
  /** Who says whether a name may have a certificate: a list of names, a URL that is asked with `?domain=NAME` (200 is yes), or `'rule'`, the `certificate` handler of the listener's rule script. */
  ask: readonly string[] | string;
  /** How long the URL may take. Default: `'5s'`. */
  askTimeout?: Duration | undefined;
  /** On what terms. Default: those of `acme`, of the first one in a list. */
  acme?: AcmeTermsInput | undefined;
  /** New orders in any such time. Default: 100 per `'1h'`. */
  rate?: { orders?: number | undefined; per?: Duration | undefined } | undefined;
  /** Orders under way. Default: 20. */
  concurrency?: number | undefined;
  /** How long a name that was denied or failed is not asked about again. Default: `'5m'`. */
  negativeCache?: Duration | undefined;
  /** How many names may have certificates by this way. Default: 10000. */
  maxNames?: number | undefined;
}
