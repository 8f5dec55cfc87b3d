/** `certificates` of a config, resolved: what Tidegate obtains or makes by itself. */
export interface CertificatesConfig {
  /** Absolute path of the folder that accounts, keys and certificates are kept in. */
  readonly storage: string;
  /** What is obtained before anybody asks for it; each row becomes one certificate for each of its key types. */
  readonly managed: readonly ManagedCertificateConfig[];
  /** null: names that nothing serves stay unknown. */
  readonly onDemand: OnDemandConfig | null;
  /** Names with certificates from the local root, for development. */
  readonly selfSigned: readonly string[];
}

export interface ManagedCertificateConfig {
  /** Lower case; `*.example.com` for a wildcard. At least one; the first names the certificate. */
  readonly names: readonly string[];
  readonly order: OrderConfig;
}

/** On what terms certificates are ordered. */
export interface OrderConfig {
  /** The first is asked first, the next ones when it fails. At least one. */
  readonly issuers: readonly AcmeIssuerConfig[];
  /** One certificate is ordered for each. */
  readonly keyTypes: readonly KeyType[];
  /** The first that is possible is tried first, the next ones when the CA found it wrong. */
  readonly challenges: readonly ChallengeType[];
  /** null: no `dns-01`. */
  readonly dns: DnsConfig | null;
  /** Ask for the extension of RFC 7633. */
  readonly mustStaple: boolean;
}

export type KeyType = 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-4096';

export type ChallengeType = 'http-01' | 'tls-alpn-01' | 'dns-01';

export interface AcmeIssuerConfig {
  /** URL of the CA's directory (RFC 8555 7.1.1). */
  readonly directory: string;
  /** PEM of the authorities that the CA's own server certificate must come from; null: the system's. */
  readonly ca: string | null;
  /** `mailto:` URLs and the like. */
  readonly contact: readonly string[];
  /** RFC 8555 7.3.4; null: the CA wants none. */
  readonly externalAccount: { readonly keyId: string; readonly hmacKey: string } | null;
  /** The CA's name for a kind of certificate; null: its usual one. */
  readonly profile: string | null;
  /** Common name of the issuer that the chain should lead to; null: the CA's usual one. */
  readonly preferredChain: string | null;
}

export type DnsConfig =
  | {
      /** RFC 2136. */
      readonly kind: 'update';
      readonly server: { readonly host: string; readonly port: number };
      /** null: found by asking for the SOA record. */
      readonly zone: string | null;
      /** RFC 8945; null: updates are not signed. `secret`: base64. */
      readonly tsig: {
        readonly name: string;
        readonly algorithm: TsigAlgorithm;
        readonly secret: string;
      } | null;
      readonly ttl: number;
      readonly propagationTimeoutMs: number;
    }
  | {
      /** Run as `command… present|remove RECORD-NAME VALUE`. */
      readonly kind: 'command';
      readonly command: readonly string[];
      readonly timeoutMs: number;
      readonly propagationTimeoutMs: number;
    };

export type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';

export interface OnDemandConfig {
  /** Who says whether a name may have a certificate. */
  readonly ask:
    | { readonly kind: 'names'; readonly names: readonly string[] }
    /** GET with `?domain=NAME`; 200 is yes, everything else no. */
    | { readonly kind: 'url'; readonly url: string; readonly timeoutMs: number }
    /** The `certificate` handler of the listener's rule script. */
    | { readonly kind: 'rule' };
  readonly order: OrderConfig;
  /** New orders in any such time. */
  readonly rate: { readonly orders: number; readonly perMs: number };
  /** Orders under way. */
  readonly concurrency: number;
  /** For so long a name that was denied or failed is not asked about again. */
  readonly negativeCacheMs: number;
  /** How many names may have certificates by this way, and wait for one. */
  readonly maxNames: number;
}
