/** What a listener presents for a name: a certificate with its chain, and its key, for each type of key. */
export interface Certificate {
  /** Changes with the contents. */
  readonly id: string;
  readonly pairs: readonly PresentedPair[];
}

export interface PresentedPair {
  /** `ec`, `rsa` …, each once. */
  readonly keyType: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** What the responder has signed of its status (RFC 6960), DER in base64; null: nothing is stapled. */
  readonly ocsp: string | null;
}
