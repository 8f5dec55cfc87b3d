/** Which versions, cipher suites and key exchanges a TLS connection may use, as OpenSSL names them. */
export interface TlsPolicy {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: readonly string[];
  /** Key exchange groups, the preferred one first. */
  readonly groups: readonly string[];
}

/** The three of RFC 8446 that both of Mozilla's configurations name. */
const TLS_1_3_SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

const GROUPS = ['X25519MLKEM768', 'X25519', 'prime256v1', 'secp384r1'];

/**
 * The server side TLS guidelines that Mozilla began, version 6.0 (https://data.tlsref.org/guidelines/6.0.json).
 * In both the client's order of cipher suites counts: it knows whether it has AES in hardware.
 */
export const TLS_POLICIES: Readonly<Record<'modern' | 'intermediate', TlsPolicy>> = {
  modern: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: TLS_1_3_SUITES, groups: GROUPS },
  intermediate: {
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: [
      ...TLS_1_3_SUITES,
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ],
    groups: GROUPS,
  },
};

/** Of Node's `SecureContextOptions`, which the package's types must not name: who imports them may not have Node's. */
interface TlsPolicyOptions {
  readonly minVersion: TlsPolicy['minVersion'];
  readonly maxVersion: TlsPolicy['maxVersion'];
  readonly ciphers: string;
  readonly ecdhCurve: string;
}

/** A policy as `tls.createSecureContext` takes it. */
export function policyOptions({ minVersion, maxVersion, ciphers, groups }: TlsPolicy): TlsPolicyOptions {
  return { minVersion, maxVersion, ciphers: ciphers.join(':'), ecdhCurve: groups.join(':') };
}
