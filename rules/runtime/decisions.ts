import { LONGEST_DURATION_MS, parseDuration, type Duration } from '../../core/shared/duration.ts';
import { isPriority, PRIORITIES, type Priority } from '../../core/shared/priority.ts';
import {
  encodeVisible,
  fieldNameProblem,
  fieldValueProblem,
  hasControls,
  isHost,
  quote,
} from './field-rules.ts';
import { host as hostBindings } from './host.ts';
import { MAX_KEY_LENGTH } from './limits.ts';

declare const brand: unique symbol;

/** What a `request` handler returns. Only `forward`, `redirect`, `respond`, `deny` and `next` make one. */
export interface Decision {
  readonly [brand]: { readonly request: true };
}

/** What a `connect` handler returns. Only `forward`, `deny`, `inspect` and `next` make one. */
export interface ConnectDecision {
  readonly [brand]: { readonly connect: true };
}

/** Of what both handlers may return. */
type EitherDecision = Decision & ConnectDecision;

/** What can be said of requests and of connections. */
export interface ForwardConnectionOptions {
  /**
   * What the upstream's scheduler is to go by, instead of the `key` of the config: requests (or connections) with the same key go to the same backend.
   * Only for schedulers that want a key; nothing and an empty text leave it to the config.
   */
  readonly key?: string | number | null;
  /** Where the upstream has all its backends at `maxConnections`: who waits with `high` is served first, with `low` last. Default: `normal`. */
  readonly priority?: Priority;
}

export interface ForwardOptions extends ForwardConnectionOptions {
  /** The new path. With a `?` it replaces the query too, without one the request's own query is kept. */
  readonly path?: string;
  /** The new Host. */
  readonly host?: string;
  /** Replaces these request headers. */
  readonly setHeaders?: Readonly<Record<string, string>>;
  /** Adds these request headers beside what is there. */
  readonly appendHeaders?: Readonly<Record<string, string>>;
  readonly removeHeaders?: readonly string[];
}

export interface InspectOptions {
  /** How long to wait for them: `'500ms'`, `'2s'`. Default: the listener's `timeouts.inspect`. */
  readonly timeout?: Duration;
}

export interface RespondInit {
  /** 200 to 599; 200 unless given. */
  readonly status?: number;
  readonly headers?:
    Readonly<Record<string, string | readonly string[]>> | Iterable<readonly [name: string, value: string]>;
}

/** A decision's parts, as `entry.ts` encodes them. */
export type Parts =
  | { readonly kind: 'next' }
  | {
      readonly kind: 'forward';
      readonly upstream: string;
      readonly path: string | null;
      readonly host: string | null;
      readonly key: string | null;
      readonly priority: Priority | null;
      readonly edits: string[];
    }
  | { readonly kind: 'redirect'; readonly location: string; readonly status: number }
  | { readonly kind: 'respond'; readonly status: number; readonly headers: string[]; readonly body: string }
  /** `status`: null where the script gives none. */
  | { readonly kind: 'deny'; readonly status: number | null }
  | { readonly kind: 'inspect'; readonly bytes: number; readonly timeoutMs: number | null };

export class MadeDecision {
  declare readonly [brand]: EitherDecision[typeof brand];
  readonly #parts: Parts;
  readonly #stack: string;
  /** How often it was returned as it is: after the second time it crosses as a number. */
  uses = 0;
  id = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#stack = hostBindings.settings.explain ? String(new Error('here').stack) : '';
  }

  /** Undefined for anything that is no decision. */
  static of(value: unknown): MadeDecision | undefined {
    return typeof value === 'object' && value !== null && #parts in value ? value : undefined;
  }

  static parts(decision: MadeDecision): Parts {
    return decision.#parts;
  }

  static stack(decision: MadeDecision): string {
    return decision.#stack;
  }
}

const MAX_PLAIN = 1000;
const plainForwards = new Map<string, MadeDecision>();
const plainDenials = new Map<number | null, MadeDecision>();
const plainNext = new MadeDecision({ kind: 'next' });

/** Goes on to the listener's `routes` table and its `upstream`, as returning nothing does. */
export function next(): EitherDecision {
  return hostBindings.settings.explain ? new MadeDecision({ kind: 'next' }) : plainNext;
}

/** Sends the request or the connection to an upstream, named as in the config. Throws a TypeError for a path, host or header that cannot be sent. */
export function forward(upstream: string, options?: ForwardConnectionOptions): EitherDecision;
export function forward(upstream: string, options?: ForwardOptions): Decision;
export function forward(upstream: string, options?: ForwardOptions): Decision {
  if (typeof upstream !== 'string' || upstream === '')
    throw new TypeError('forward: the first argument is the name of an upstream');
  if (options === undefined) {
    return interned(
      plainForwards,
      upstream,
      () =>
        new MadeDecision({
          kind: 'forward',
          upstream,
          path: null,
          host: null,
          key: null,
          priority: null,
          edits: [],
        }),
    );
  }
  const {
    path = null,
    host = null,
    key = null,
    priority = null,
    setHeaders = {},
    appendHeaders = {},
    removeHeaders = [],
  } = options;
  const edits: string[] = [];
  for (const name of removeHeaders) edits.push('delete', checkedName('forward', name), '');
  for (const name of Object.keys(setHeaders))
    edits.push('set', ...checkedField('forward', name, setHeaders[name]));
  for (const name of Object.keys(appendHeaders))
    edits.push('append', ...checkedField('forward', name, appendHeaders[name]));
  if (host !== null && !isHost(String(host)))
    throw new TypeError(`forward: ${quote(String(host))} is no host`);
  return new MadeDecision({
    kind: 'forward',
    upstream,
    path: path === null ? null : checkedPath(String(path)),
    host: host === null ? null : String(host),
    key: key === null || key === '' ? null : checkedKey(key),
    priority: priority === null ? null : checkedPriority(priority),
    edits,
  });
}

/** Answers with a redirect to a relative or absolute URL (what is not ASCII is percent-encoded). `status`: 301, 302, 303, 307 or 308. */
export function redirect(location: string, status = 302): Decision {
  const text = String(location);
  if (text === '' || hasControls(text)) throw new TypeError(`redirect: ${quote(text)} is no URL`);
  if (![301, 302, 303, 307, 308].includes(status)) {
    throw new RangeError(`redirect: the status is 301, 302, 303, 307 or 308, not ${String(status)}`);
  }
  return new MadeDecision({ kind: 'redirect', location: encodeVisible(text), status });
}

/**
 * Answers by itself, shaped as the web's `new Response(body, { status, headers })`. A body is sent as
 * UTF-8, at most 1 MiB of it, as `text/plain;charset=UTF-8` unless `headers` says otherwise.
 */
export function respond(body?: string | null, init: RespondInit = {}): Decision {
  const status = init.status ?? 200;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`respond: the status is 200 to 599, not ${String(status)}`);
  }
  if (body !== undefined && body !== null && typeof body !== 'string')
    throw new TypeError('respond: the body is a string');
  if (typeof body === 'string' && body !== '' && (status === 204 || status === 205 || status === 304)) {
    throw new TypeError(`respond: an answer of status ${status} has no body`);
  }
  const headers: string[] = [];
  for (const [name, value] of listed(init.headers ?? {}))
    headers.push(...checkedField('respond', name, value));
  const typed = headers.some((text, index) => index % 2 === 0 && text.toLowerCase() === 'content-type');
  if (typeof body === 'string' && body !== '' && !typed)
    headers.push('content-type', 'text/plain;charset=UTF-8');
  return new MadeDecision({ kind: 'respond', status, headers, body: body ?? '' });
}

/** Refuses the request with the proxy's own error page (`status`: 400 to 599, 403 unless given), or closes the connection, which has no status. */
export function deny(): EitherDecision;
export function deny(status?: number): Decision;
export function deny(status: number | null = null): Decision {
  if (status !== null && !isErrorStatus(status)) {
    throw new RangeError(`deny: the status is 400 to 599, not ${String(status)}`);
  }
  return interned(plainDenials, status, () => new MadeDecision({ kind: 'deny', status }));
}

/**
 * Has the `connect` handler called again, with `conn.bytes`, when the client has sent so many bytes; or with fewer, when it ends or
 * `timeout` is over. They are not taken: the backend gets them. At most the listener's `limits.inspect`.
 */
export function inspect(bytes: number, options: InspectOptions = {}): ConnectDecision {
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new RangeError(
      `inspect: the first argument is a number of bytes, at least 1, not ${String(bytes)}`,
    );
  const { timeout } = options;
  return new MadeDecision({
    kind: 'inspect',
    bytes,
    timeoutMs: timeout === undefined ? null : checkedTimeout(timeout),
  });
}

function interned<Key>(known: Map<Key, MadeDecision>, key: Key, make: () => MadeDecision): MadeDecision {
  if (hostBindings.settings.explain) return make();
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  if (known.size < MAX_PLAIN) known.set(key, made);
  return made;
}

function isErrorStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599;
}

function checkedTimeout(timeout: string): number {
  const ms = parseDuration(String(timeout));
  if (ms === undefined || ms < 1 || ms > LONGEST_DURATION_MS)
    throw new TypeError(
      `inspect: the timeout is a number with its unit, such as '2s', not ${quote(String(timeout))}`,
    );
  return ms;
}

function checkedPriority(priority: unknown): Priority {
  if (isPriority(priority)) return priority;
  throw new TypeError(`forward: the priority is one of ${PRIORITIES.join(', ')}`);
}

function checkedKey(key: unknown): string {
  if (typeof key !== 'string' && typeof key !== 'number')
    throw new TypeError('forward: the key is a string or a number');
  return String(key).slice(0, MAX_KEY_LENGTH);
}

function checkedPath(path: string): string {
  if (path === '') return '/';
  if (!path.startsWith('/') || path.includes('#') || hasControls(path)) {
    throw new TypeError(
      `forward: ${quote(path)} is no path (it begins with "/" and holds neither "#" nor control characters)`,
    );
  }
  return encodeVisible(path);
}

function checkedName(caller: string, name: string): string {
  const problem = fieldNameProblem(String(name));
  if (problem !== null) throw new TypeError(`${caller}: ${problem}`);
  return String(name);
}

function checkedField(
  caller: string,
  name: string,
  value: string | undefined,
): [name: string, value: string] {
  const text = String(value).replace(/^[\t ]+|[\t ]+$/g, '');
  const problem = fieldValueProblem(name, text);
  if (problem !== null) throw new TypeError(`${caller}: ${problem}`);
  return [checkedName(caller, name), text];
}

function* listed(headers: NonNullable<RespondInit['headers']>): Generator<readonly [string, string]> {
  if (Symbol.iterator in headers) {
    yield* headers;
    return;
  }
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    for (const one of Array.isArray(value) ? value : [value]) yield [name, String(one)];
  }
}
