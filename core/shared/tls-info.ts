/** What is known of a client's TLS connection. Crosses into the rule sandbox as JSON. */
export interface TlsInfo {
  /** The name that the client asked for, in lower case; null for none, and for what is no host name. */
  readonly serverName: string | null;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** OpenSSL's name of the cipher suite. */
  readonly cipher: string;
  /** The client's certificate; null without one. It has been verified: with any other the connection is refused. */
  readonly client: ClientCertificate | null;
}

/**
 * What is known of the TLS of a connection at layer 4. Crosses into the rule sandbox as JSON. The fields of `TlsInfo` besides the name
 * are there where TLS ends at the listener, not where its ClientHello was only read.
 */
export interface ConnectionTls extends Partial<Omit<TlsInfo, 'serverName'>> {
  /** The name that the client asks for, in lower case; null for none, and for what is no host name. */
  readonly serverName: string | null;
  /** The application protocols that the client offers (RFC 7301), in its order. */
  readonly alpn: readonly string[];
}

export interface ClientCertificate {
  /** As in RFC 4514, all in ASCII: `CN=client,O=Example\, Inc.`. */
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the certificate: `AB:CD:…`. */
  readonly fingerprint256: string;
  /** ISO 8601. */
  readonly notAfter: string;
}

/**
 * What a client calls the server, in lower case; null: nothing that is a host name (RFC 6066 3). It may send any bytes: a line
 * break among them would make whoever writes the name into a header field or a log line fail, or write two.
 */
export function readServerName(sent: string): string | null {
  return /^[\w.-]+$/.test(sent) ? sent.toLowerCase() : null;
}
