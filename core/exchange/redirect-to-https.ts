import type { HttpsRedirectConfig } from '../shared/listener-types.ts';
import { ProxyError } from '../shared/errors.ts';
import type { Exchange } from './exchange.ts';
import { redirectAnswer, type LocalAnswer } from './respond.ts';
import { hostWithoutPort } from './routes.ts';

/** ACME's HTTP-01 challenges: validation begins over plain HTTP on port 80 (RFC 8555 8.3), so they are answered there. */
const CHALLENGES = '/.well-known/acme-challenge/*';

/** Names and addresses. `Host` may hold more than that (RFC 3986 3.2.2), which some clients read as another host. */
const PLAIN_HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;

/** What answers a request that is to come back over https; null for one that is served as it came. */
export function redirectToHttps(exchange: Exchange): LocalAnswer | ProxyError | null {
  const redirect = exchange.service.config.redirectToHttps;
  if (redirect === null || isOverTls(exchange) || exceptionFromRedirect(redirect, exchange.path) !== null)
    return null;
  return redirectFor(redirect, exchange.host, exchange.target);
}

/** Whether the client speaks https: to this listener, or to a trusted proxy before it, where a redirect would never end. */
function isOverTls({ scheme, peerIsTrusted, request }: Exchange): boolean {
  return scheme === 'https' || (peerIsTrusted && request.headers.get('x-forwarded-proto') === 'https');
}

/** `path`: normalised. @returns the path pattern because of which a request is served over plain HTTP; null where there is none */
export function exceptionFromRedirect(redirect: HttpsRedirectConfig, path: string): string | null {
  return [CHALLENGES, ...redirect.except].find((pattern) => matches(pattern, path)) ?? null;
}

/** `host`: as in the request's head. The way to the same resource over https. The target is left as it came; it can not lead to another host, since it stands behind one. */
export function redirectFor(
  redirect: HttpsRedirectConfig,
  host: string,
  target: string,
): LocalAnswer | ProxyError {
  const name = hostWithoutPort(host);
  if (!PLAIN_HOST.test(name)) {
    const message = name === '' ? 'no Host to redirect to' : 'Host is no name or address to redirect to';
    return new ProxyError('request-malformed', 'client', message);
  }
  const port = redirect.port === 443 ? '' : `:${redirect.port}`;
  // RFC 9112 3.2.4: the URL without a path is that of `OPTIONS *`.
  return redirectAnswer(redirect.status, `https://${name}${port}${target === '*' ? '' : target}`);
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
