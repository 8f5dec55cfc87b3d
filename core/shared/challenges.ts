/** What a worker answers the questions of a CA with, as long as orders run (RFC 8555 8, RFC 8737). Secrets: never logged. */
export interface Challenges {
  /** By token. `name`: the host that the CA asks; `answer`: the body. */
  readonly http: Readonly<Record<string, { readonly name: string; readonly answer: string }>>;
  /** By name, in lower case: the certificate that a handshake for `acme-tls/1` is answered with. PEM. */
  readonly alpn: Readonly<Record<string, { readonly cert: string; readonly key: string }>>;
}
