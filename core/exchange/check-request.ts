import { ProxyError } from '../shared/errors.ts';
import type { Exchange } from './exchange.ts';

/** Why a request is refused that is well-formed, but not for us; null if it is welcome. */
export function checkRequest({ request, normalisedPath, service }: Exchange): ProxyError | null {
  if (request.method === 'CONNECT' || request.method === 'TRACE') {
    // A reverse proxy opens no tunnels to where clients choose, and echoes no credentials (RFC 9110 9.3.6, 9.3.8).
    return new ProxyError('method-not-allowed', 'client', request.method);
  }
  if (normalisedPath === null)
    return new ProxyError('request-malformed', 'client', 'the path holds a dot segment or a broken escape');
  const limit = service.config.limits.bodyBytes;
  if (limit !== null && request.framing.kind === 'length' && request.framing.bytes > limit)
    return bodyTooLarge(`${request.framing.bytes} bytes, more than ${limit}`);
  return null;
}

/** The same for a body of which no length was declared. */
export function checkBodySoFar({ requestBytes, service }: Exchange): ProxyError | null {
  const limit = service.config.limits.bodyBytes;
  return limit === null || requestBytes <= limit ? null : bodyTooLarge(`more than ${limit} bytes`);
}

function bodyTooLarge(message: string): ProxyError {
  return new ProxyError('request-body-too-large', 'client', message);
}
