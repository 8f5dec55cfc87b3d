/** What a client of a `tcp`, `tls` or `udp` listener connects to. */
export interface ConnectionUrl {
  readonly scheme: 'tcp' | 'udp';
  /** An IPv6 address without its brackets. */
  readonly hostname: string;
  readonly port: number;
}

const URL_SHAPE = /^(tcp|udp):\/\/(?:\[([^\]/]*)\]|([^:/?#[\]]+)):(\d{1,5})\/?$/i;

/** @returns null for what is not `tcp://HOST:PORT` or `udp://HOST:PORT` */
export function readConnectionUrl(text: string): ConnectionUrl | null {
  const [, scheme, bracketed, bare, port] = URL_SHAPE.exec(text) ?? [];
  if (scheme === undefined || Number(port) > 65_535) return null;
  return {
    scheme: scheme.toLowerCase() === 'udp' ? 'udp' : 'tcp',
    hostname: (bracketed ?? bare ?? '').toLowerCase(),
    port: Number(port),
  };
}
