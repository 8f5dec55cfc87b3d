import { STATUS_CODES } from 'node:http';
import type { ErrorPageConfig } from '../shared/listener-types.ts';
import type { ErrorCode, ProxyError } from '../shared/errors.ts';
import type { Exchange } from './exchange.ts';
import { HeaderList } from './headers.ts';
import type { ClientStream } from './streams.ts';

/** The only place where a failure becomes a status. null: the client is gone, or could not tell the answer from the one begun. */
const STATUS_OF: Readonly<Record<ErrorCode, number | null>> = {
  'request-malformed': 400,
  'request-target-too-long': 414,
  'request-head-too-large': 431,
  'request-body-too-large': 413,
  'request-timeout': 408,
  'transfer-coding-unsupported': 501,
  'content-coding-unsupported': 415,
  'version-unsupported': 505,
  'protocol-unsupported': 501,
  'method-not-allowed': 405,
  'stream-malformed': null,
  'client-abort': null,
  'client-write-timeout': null,
  'websocket-idle': null,
  'no-route': 404,
  'no-backend': 503,
  'queue-full': 503,
  'queue-timeout': 503,
  'backend-connections-exhausted': 503,
  'websocket-limit': 503,
  'websocket-drained': null,
  'websocket-cut': null,
  'rule-fault': 500,
  'plugin-fault': 500,
  'plugin-abort': null,
  'internal-error': 500,
  'connect-failed': 502,
  'connect-timeout': 504,
  'backend-tls-failed': 502,
  'response-timeout': 504,
  'response-malformed': 502,
  'response-truncated': 502,
  'upgrade-malformed': 502,
  'backend-reset': 502,
  'stream-refused': 502,
};

export function statusOf(code: ErrorCode): number | null {
  return STATUS_OF[code];
}

/** The same, unless the failure has a status of its own. */
export function statusFor({ code, status }: ProxyError): number | null {
  return status ?? STATUS_OF[code];
}

/** Whether the client has broken the rules, so that there is no telling what it sends next. */
export function endsConnection({ code, source }: ProxyError): boolean {
  return source === 'client' && code !== 'no-route' && code !== 'method-not-allowed';
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? '';
}

/** Whether its answers have none to anybody (RFC 9112 6.3): whatever the fields say. */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

/** An answer that the proxy makes itself. */
export interface LocalAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Writes a whole answer; to HEAD without its body, but with the length that it would have (RFC 9110 9.3.2). */
export function sendLocalAnswer(client: ClientStream, answer: LocalAnswer, method: string): number {
  const body = Buffer.from(answer.body);
  const headers = new HeaderList();
  headers.append('Server', 'tidegate');
  for (const [name, value] of answer.headers) headers.append(name, value);
  // RFC 9110 8.6: no length in a 204; 304 has no body of its own to measure.
  const bodiless = hasNoBody(answer.status);
  if (!bodiless) headers.append('Content-Length', String(body.length));
  const withBody = !bodiless && method !== 'HEAD';
  client.sendHead({
    status: answer.status,
    reason: reasonOf(answer.status),
    headers,
    framing: withBody ? { kind: 'length', bytes: body.length } : { kind: 'none' },
    nominated: null,
  });
  if (withBody && body.length > 0) client.sendData(body);
  client.sendEnd(null);
  return withBody ? body.length : 0;
}

export function redirectAnswer(status: number, location: string): LocalAnswer {
  return { status, headers: [['Location', location]], body: '' };
}

/** An answer about a failure, in HTML or, if the client would rather have that, in JSON. */
export function errorAnswer({ error, request, requestId, service }: Exchange, status: number): LocalAnswer {
  const reason = reasonOf(status);
  const json = prefersJson(request.headers.get('accept'));
  const page = findPage(status, json, service.config.errorPages);
  const fill = (text: string): string =>
    text
      .replaceAll('{status}', String(status))
      .replaceAll('{reason}', reason)
      .replaceAll('{requestId}', requestId);
  const type = json ? 'application/json' : 'text/html; charset=utf-8';
  const body = fill(page ?? (json ? BUILT_IN_JSON : BUILT_IN_HTML));
  const headers: (readonly [string, string])[] = [['Content-Type', type]];
  // RFC 9110 15.5.6 wants Allow; what the proxy itself refuses are these two methods.
  if (status === 405) headers.push(['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']);
  // RFC 9110 12.5.3 wants to know what would have been understood.
  if (error?.code === 'content-coding-unsupported')
    headers.push(['Accept-Encoding', 'gzip, deflate, br, zstd']);
  return { status, headers, body };
}

const BUILT_IN_JSON = '{"status":{status},"error":"{reason}","requestId":"{requestId}"}\n';
const BUILT_IN_HTML =
  '<!doctype html>\n<title>{status} {reason}</title>\n<h1>{status} {reason}</h1>\n<p>Request {requestId}</p>\n';

/** The page for the very status, else for its class, else the default one. */
function findPage(status: number, json: boolean, pages: readonly ErrorPageConfig[]): string | null {
  for (const match of [String(status), `${Math.floor(status / 100)}xx`, 'default']) {
    const page = pages.find((candidate) => candidate.match === match);
    const text = json ? page?.json : page?.html;
    if (text !== undefined && text !== null) return text;
  }
  return null;
}

/** RFC 9110 12.5.1, for the two types there are: whether JSON has the higher quality. */
function prefersJson(accept: string | null): boolean {
  if (accept === null || !accept.includes('json')) return false;
  let json = 0;
  let html = 0;
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = q === undefined ? 1 : Number(q.slice(2));
    if (type === 'application/json' || type.endsWith('+json')) json = Math.max(json, quality);
    else if (type === 'text/html') html = Math.max(html, quality);
  }
  return json > html;
}
