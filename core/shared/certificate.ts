/** What a listener presents for a name: a certificate with its chain, and its key, for each type of key. */
export interface Certificate {
  /** Changes with the contents. */
  readonly id: string;
  /** PEM. `keyType`: `ec`, `rsa` …, each once. */
  readonly pairs: readonly { readonly keyType: string; readonly cert: string; readonly key: string }[];
}
