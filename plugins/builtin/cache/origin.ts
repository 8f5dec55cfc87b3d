import type { FieldReader } from './field-copy.ts';
import type { StoredField, StoredOrigin } from './stored-answer.ts';

/** Say what a client can read, not who it is. */
const OF_ANY_CLIENT = /^(?:accept(?:-.*)?|user-agent)$/;
/** Of one request or connection alone, or written anew. */
const OF_ONE_REQUEST =
  /^(?:authorization|cookie|connection|content-.*|expect|forwarded|host|if-.*|keep-alive|proxy-.*|range|referer|te|trailer|transfer-encoding|upgrade|via|x-client-cert-.*|x-forwarded-.*|x-real-ip|x-request-id)$/;

export interface SentRequest {
  readonly scheme: string;
  readonly host: string;
  readonly target: string;
  readonly upstream: string | null;
  /** As the client sent it, and what plugins before have made of it. */
  readonly received: FieldReader;
  /** As the backend got it. */
  readonly sent: Iterable<StoredField>;
}

/**
 * How the answer can be asked for again when its client has left. Of what the client sent only what says which variant it wants is
 * kept; what plugins, rules or the upstream have put there, a backend's password too, is. null: without something of the
 * client's own it would be another answer.
 */
export function originOf(request: SentRequest, keyed: readonly string[]): StoredOrigin | null {
  const { scheme, host, target, upstream, received } = request;
  if (upstream === null || received.has('authorization')) return null;
  if (received.has('cookie') && keyed.includes('cookie')) return null;
  const said = saidBefore(received);
  if (said === null) return null;
  const headers = [...request.sent].filter(([name, value]) => {
    const lower = name.toLowerCase();
    const isOwn = received.getAll(lower).includes(value);
    if (!isOwn) return lower === 'authorization' || lower === 'cookie' || !OF_ONE_REQUEST.test(lower);
    return !OF_ONE_REQUEST.test(lower) && (OF_ANY_CLIENT.test(lower) || keyed.includes(lower));
  });
  // Backends that send everybody to https would send this there, too.
  headers.push(['X-Forwarded-Proto', said.scheme ?? scheme], ['X-Forwarded-Host', host]);
  if (said.port !== null) headers.push(['X-Forwarded-Port', said.port]);
  return { upstream, target, host, headers };
}

/**
 * What a proxy in front has said of the request: the key holds it, and whether it was believed is not known here. null: it said what only
 * one who is believed may have a backend read.
 */
function saidBefore(received: FieldReader): { scheme: string | null; port: string | null } | null {
  const scheme = received.get('x-forwarded-proto');
  const port = received.get('x-forwarded-port');
  if (received.has('x-forwarded-host')) return null;
  if (scheme !== null && scheme !== 'http' && scheme !== 'https') return null;
  return port === null || /^\d{1,5}$/.test(port) ? { scheme, port } : null;
}
