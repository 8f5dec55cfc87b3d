import type { SocketAddressConfig } from '../shared/config-types.ts';
import { NO_ADDRESS } from './client-address.ts';
import type { Exchange } from './exchange.ts';
import { HeaderKind, type HeaderList } from './headers.ts';
import { schemeOf, type FieldLine, type OutgoingRequest } from './streams.ts';

/**
 * The head of a request as a backend gets it: end-to-end fields with their case, order and
 * duplicates; framing, connection and forwarding fields written anew from what was parsed.
 */
export class RequestHeadForBackend implements OutgoingRequest {
  readonly #exchange: Exchange;
  readonly #host: string;
  readonly #headers: HeaderList;

  /** `headers`: those of the request, or what is sent in their place. */
  constructor(
    exchange: Exchange,
    backend: SocketAddressConfig,
    headers: HeaderList = exchange.request.headers,
  ) {
    this.#exchange = exchange;
    this.#headers = headers;
    this.#host = exchange.host === '' ? hostOf(backend) : exchange.host;
  }

  text(): string {
    const exchange = this.#exchange;
    const { framing, upgrade } = exchange.request;
    let text = `${exchange.method} ${exchange.forwardTarget} HTTP/1.1\r\n`;
    let hasHost = false;
    const wantsTrailers = this.#eachField((name, value, kind) => {
      if (kind === HeaderKind.Host) {
        hasHost = true;
        text += `${name}: ${this.#host}\r\n`;
      } else text += `${name}: ${value}\r\n`;
    });
    if (!hasHost) text += `Host: ${this.#host}\r\n`;
    if (framing.kind === 'length') text += `Content-Length: ${framing.bytes}\r\n`;
    else if (framing.kind === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
    if (upgrade !== null)
      text += `Connection: Upgrade${wantsTrailers ? ', TE' : ''}\r\nUpgrade: ${upgrade}\r\n`;
    else if (wantsTrailers) text += 'Connection: TE\r\n';
    if (wantsTrailers) text += 'TE: trailers\r\n';
    return text;
  }

  fields(scheme: 'http' | 'https'): FieldLine[] {
    const exchange = this.#exchange;
    const { framing } = exchange.request;
    const fields: FieldLine[] = [
      [':method', exchange.method],
      [':scheme', scheme],
      [':authority', this.#host],
      [':path', exchange.forwardTarget],
    ];
    const wantsTrailers = this.#eachField((name, value, kind) => {
      // RFC 9113 8.3.1: `:authority` takes its place.
      if (kind !== HeaderKind.Host) fields.push([name.toLowerCase(), value]);
    });
    if (framing.kind === 'length') fields.push(['content-length', String(framing.bytes)]);
    if (wantsTrailers) fields.push(['te', 'trailers']);
    return fields;
  }

  /** Every field but those of framing and connection. @returns whether the client wants trailers */
  #eachField(take: (name: string, value: string, kind: HeaderKind) => void): boolean {
    const exchange = this.#exchange;
    const { request, service } = exchange;
    const { names, lowerNames, values, kinds } = this.#headers;
    const { forwarded } = service.config;
    const { nominated } = request;
    const trusted = exchange.peerIsTrusted;
    let wantsTrailers = false;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] ?? '';
      const value = values[i] ?? '';
      const kind = kinds[i] ?? HeaderKind.EndToEnd;
      switch (kind) {
        case HeaderKind.EndToEnd:
        case HeaderKind.Date:
          break;
        case HeaderKind.Host:
        case HeaderKind.Via:
          take(name, value, kind);
          continue;
        case HeaderKind.Te:
          // RFC 9110 10.1.4: of TE only the wish for trailers can be passed on.
          if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(value)) wantsTrailers = true;
          continue;
        case HeaderKind.Expect:
          // 100-continue is an expectation of the next hop too (RFC 9110 10.1.1); without a body there is nothing to expect.
          if (value.toLowerCase() !== '100-continue' || request.expectsContinue) break;
          continue;
        case HeaderKind.XForwarded:
          // Where we write none of our own, those of a trusted peer pass.
          if (trusted && !forwarded.xForwarded) break;
          continue;
        case HeaderKind.Forwarded:
          if (trusted && !forwarded.forwarded) break;
          continue;
        case HeaderKind.RequestId:
          if (!forwarded.requestId) break;
          continue;
        case HeaderKind.ClientCertificate:
          if (trusted && !forwarded.clientCertificate) break;
          continue;
        default:
          continue;
      }
      if (nominated !== null && nominated.includes(lowerNames[i] ?? '')) continue;
      take(name, value, kind);
    }
    if (forwarded.xForwarded) xForwardedFields(exchange, take);
    if (forwarded.forwarded) take('Forwarded', forwardedElement(exchange), HeaderKind.Forwarded);
    if (forwarded.via) take('Via', VIA[request.version], HeaderKind.Via);
    if (forwarded.requestId) take('X-Request-Id', exchange.requestId, HeaderKind.RequestId);
    if (forwarded.clientCertificate) clientCertificateFields(exchange, take);
    return wantsTrailers;
  }
}

/** RFC 9110 7.6.3: the protocol in which the request was received. */
const VIA = { 'HTTP/1.0': '1.0 tidegate', 'HTTP/1.1': '1.1 tidegate', 'HTTP/2.0': '2.0 tidegate' } as const;

/** For an HTTP/1.0 request without Host, since every HTTP/1.1 request needs one. */
function hostOf(backend: SocketAddressConfig): string {
  if (backend.kind === 'unix') return 'localhost';
  // RFC 6874 1: a zone is for this machine alone.
  const [address = ''] = backend.host.split('%');
  const host = address.includes(':') ? `[${address}]` : address;
  return backend.port === 80 ? host : `${host}:${backend.port}`;
}

/** What a trusted peer said is kept and continued; anybody else's word is dropped. */
function xForwardedFields(
  { peer, peerIsTrusted, request }: Exchange,
  take: (name: string, value: string, kind: HeaderKind) => void,
): void {
  const said = (name: string): string | null => (peerIsTrusted ? request.headers.get(name) : null);
  const before = said('x-forwarded-for');
  const host = said('x-forwarded-host') ?? request.host;
  // A peer on a Unix socket has no address to add, and stands for no hop that a backend could count.
  const own = peer.address === NO_ADDRESS ? null : peer.address;
  const chain = before === null || own === null ? (own ?? before) : `${before}, ${own}`;
  if (chain !== null) take('X-Forwarded-For', chain, HeaderKind.XForwarded);
  take('X-Forwarded-Proto', said('x-forwarded-proto') ?? schemeOf(peer), HeaderKind.XForwarded);
  if (host !== '') take('X-Forwarded-Host', host, HeaderKind.XForwarded);
  const port = said('x-forwarded-port') ?? (peer.localPort === 0 ? null : String(peer.localPort));
  if (port !== null) take('X-Forwarded-Port', port, HeaderKind.XForwarded);
}

function clientCertificateFields(
  { peer }: Exchange,
  take: (name: string, value: string, kind: HeaderKind) => void,
): void {
  const client = peer.tls?.client ?? null;
  if (client === null) return;
  take('X-Client-Cert-Subject', client.subject, HeaderKind.ClientCertificate);
  take('X-Client-Cert-Fingerprint', client.fingerprint256, HeaderKind.ClientCertificate);
}

/** RFC 7239. Values with characters beyond a token are quoted; a host can hold neither quote nor backslash. */
function forwardedElement({ peer, peerIsTrusted, request }: Exchange): string {
  const node = peer.address.includes(':') ? `"[${peer.address}]"` : peer.address;
  let element = `for=${node};proto=${schemeOf(peer)}`;
  if (request.host !== '')
    element += /^[\w.-]+$/.test(request.host) ? `;host=${request.host}` : `;host="${request.host}"`;
  const before = peerIsTrusted ? request.headers.get('forwarded') : null;
  return before === null ? element : `${before}, ${element}`;
}
