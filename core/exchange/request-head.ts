import type { SocketAddressConfig } from '../shared/config-types.ts';
import { HeaderKind } from './headers.ts';
import type { Exchange } from './exchange.ts';

/**
 * The head of a request as a backend gets it: end-to-end fields with their case, order and
 * duplicates; framing, connection and forwarding fields written anew from what was parsed.
 * Without the final empty line.
 */
export function buildRequestHead(exchange: Exchange, backend: SocketAddressConfig): string {
  const { request, service } = exchange;
  const { names, lowerNames, values, kinds } = request.headers;
  const { forwarded } = service.config;
  const { nominated } = request;
  const trusted = exchange.peerIsTrusted;
  const host = exchange.host === '' ? hostOf(backend) : exchange.host;
  let text = `${exchange.method} ${exchange.forwardTarget} HTTP/1.1\r\n`;
  let hasHost = false;
  let wantsTrailers = false;
  for (let i = 0; i < names.length; i++) {
    switch (kinds[i]) {
      case HeaderKind.EndToEnd:
      case HeaderKind.Date:
        break;
      case HeaderKind.Host:
        text += `${names[i]}: ${host}\r\n`;
        hasHost = true;
        continue;
      case HeaderKind.Via:
        text += `${names[i]}: ${values[i]}\r\n`;
        continue;
      case HeaderKind.Te:
        // RFC 9110 10.1.4: of TE only the wish for trailers can be passed on.
        if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(values[i] ?? '')) wantsTrailers = true;
        continue;
      case HeaderKind.Expect:
        // 100-continue is an expectation of the next hop too (RFC 9110 10.1.1); without a body there is nothing to expect.
        if ((values[i] ?? '').toLowerCase() !== '100-continue' || request.expectsContinue) break;
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
      default:
        continue;
    }
    if (nominated !== null && nominated.includes(lowerNames[i] ?? '')) continue;
    text += `${names[i]}: ${values[i]}\r\n`;
  }
  if (!hasHost) text += `Host: ${host}\r\n`;
  if (forwarded.xForwarded) text += xForwardedFields(exchange);
  if (forwarded.forwarded) text += forwardedField(exchange);
  if (forwarded.via)
    text += request.version === 'HTTP/1.0' ? 'Via: 1.0 tidegate\r\n' : 'Via: 1.1 tidegate\r\n';
  if (forwarded.requestId) text += `X-Request-Id: ${exchange.requestId}\r\n`;
  if (request.framing.kind === 'length') text += `Content-Length: ${request.framing.bytes}\r\n`;
  else if (request.framing.kind === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  if (request.upgrade !== null)
    text += `Connection: Upgrade${wantsTrailers ? ', TE' : ''}\r\nUpgrade: ${request.upgrade}\r\n`;
  else if (wantsTrailers) text += 'Connection: TE\r\n';
  if (wantsTrailers) text += 'TE: trailers\r\n';
  return text;
}

/** For an HTTP/1.0 request without Host, since every HTTP/1.1 request needs one. */
function hostOf(backend: SocketAddressConfig): string {
  if (backend.kind === 'unix') return 'localhost';
  const host = backend.host.includes(':') ? `[${backend.host}]` : backend.host;
  return backend.port === 80 ? host : `${host}:${backend.port}`;
}

/** What a trusted peer said is kept and continued; anybody else's word is dropped. */
function xForwardedFields(exchange: Exchange): string {
  const { peer, peerIsTrusted, request } = exchange;
  if (!peerIsTrusted) {
    return (
      `X-Forwarded-For: ${peer.address}\r\nX-Forwarded-Proto: ${peer.scheme}\r\n` +
      `${request.host === '' ? '' : `X-Forwarded-Host: ${request.host}\r\n`}X-Forwarded-Port: ${peer.localPort}\r\n`
    );
  }
  const before = request.headers.get('x-forwarded-for');
  const host = request.headers.get('x-forwarded-host') ?? request.host;
  return (
    `X-Forwarded-For: ${before === null ? '' : `${before}, `}${peer.address}\r\n` +
    `X-Forwarded-Proto: ${request.headers.get('x-forwarded-proto') ?? peer.scheme}\r\n` +
    (host === '' ? '' : `X-Forwarded-Host: ${host}\r\n`) +
    `X-Forwarded-Port: ${request.headers.get('x-forwarded-port') ?? peer.localPort}\r\n`
  );
}

/** RFC 7239. Values with characters beyond a token are quoted; a host can hold neither quote nor backslash. */
function forwardedField(exchange: Exchange): string {
  const { peer, request } = exchange;
  const node = peer.address.includes(':') ? `"[${peer.address}]"` : peer.address;
  let element = `for=${node};proto=${peer.scheme}`;
  if (request.host !== '')
    element += /^[\w.-]+$/.test(request.host) ? `;host=${request.host}` : `;host="${request.host}"`;
  const before = exchange.peerIsTrusted ? request.headers.get('forwarded') : null;
  return `Forwarded: ${before === null ? '' : `${before}, `}${element}\r\n`;
}
