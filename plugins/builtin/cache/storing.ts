import { readHttpDate } from '../http-date.ts';
import { LONGEST_DIRECTIVES, readDirectives, readSeconds, type Directives } from './directives.ts';
import type { FieldReader } from './field-copy.ts';
import type { StoredFreshness } from './stored-answer.ts';
import { varyOf } from './variants.ts';

/** What the options say of storing. */
export interface StoringRules {
  readonly ttl: readonly {
    readonly statuses: readonly number[];
    readonly ttl: number;
    readonly override: boolean;
  }[];
  readonly heuristic: boolean;
  readonly targeted: readonly string[];
  readonly setCookie: 'refuse' | 'remove';
  readonly requestDirectives: 'ignore' | 'honour';
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** An answer to GET whose head is there. Times are ms of the wall clock. */
export interface AnswerFacts {
  readonly request: FieldReader;
  readonly status: number;
  readonly headers: FieldReader;
  readonly requestedAt: number;
  readonly receivedAt: number;
}

export type Storing =
  | { readonly kind: 'store'; readonly freshness: StoredFreshness; readonly vary: readonly string[] }
  /** `why`: a word for Cache-Status. */
  | { readonly kind: 'refuse'; readonly why: string };

/**
 * Answers to what one request alone asks or proves, or to what is wrong with it, a field that is too long, say: they say nothing
 * of the URL, and whoever sends such a request is not to decide what all others get. RFC 6585 3 to 6 says so of some.
 */
export const OF_ONE_REQUEST: ReadonlySet<number> = new Set([
  206, 304, 400, 401, 407, 408, 412, 413, 416, 417, 421, 425, 426, 428, 429, 431, 511,
]);
/** RFC 9111 5.2.2.3: the statuses whose meaning for a cache is known here. */
const UNDERSTOOD = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 451, 501]);
/** RFC 9110 15.1, as far as they are stored here. */
const HEURISTIC = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** RFC 9111 4.2.2 names a tenth of the time since it was changed; a day is what browsers take at most. */
const LONGEST_HEURISTIC_MS = 86_400_000;

/** Whether an answer to GET is stored (RFC 9111 3), and for how long it may be served. */
export function decideStoring(facts: AnswerFacts, rules: StoringRules): Storing {
  const { request, status, headers } = facts;
  if (status < 200 || OF_ONE_REQUEST.has(status)) return refuse('status');
  const said = directivesOf(headers, rules.targeted);
  const { directives } = said;
  if (directives.mustUnderstand && !UNDERSTOOD.has(status)) return refuse('must-understand');
  if (directives.noStore && !directives.mustUnderstand) return refuse('no-store');
  if (directives.isPrivate) return refuse('private');
  // RFC 9111 3.5
  const isForAll = directives.isPublic || directives.mustRevalidate || directives.sharedMaxAge !== null;
  if (request.has('authorization') && !isForAll) return refuse('authorization');
  if (headers.has('set-cookie') && rules.setCookie === 'refuse') return refuse('set-cookie');
  if (rules.requestDirectives === 'honour' && readDirectives(request.get('cache-control')).noStore)
    return refuse('request-no-store');
  const vary = varyOf(headers.get('vary'));
  if (vary === null) return refuse('vary');
  const lifetimeMs = lifetimeOf(facts, said, rules);
  if (lifetimeMs === null) return refuse('no-freshness');
  const freshness = { bornAt: bornAt(facts), lifetimeMs, ...staleness(directives, rules) };
  const canServe = lifetimeMs > 0 || freshness.staleWhileRevalidateMs > 0 || freshness.staleIfErrorMs > 0;
  if (!canServe && !headers.has('etag') && !headers.has('last-modified')) return refuse('not-fresh');
  return { kind: 'store', freshness, vary };
}

function refuse(why: string): Storing {
  return { kind: 'refuse', why };
}

interface Said {
  readonly directives: Directives;
  /** Whether it was said for caches like this one alone: Cache-Control and Expires do not count then (RFC 9213 2.2). */
  readonly isTargeted: boolean;
}

/** RFC 9213 2.2: the first of the target list that is there and can be read. */
function directivesOf(headers: FieldReader, targeted: readonly string[]): Said {
  for (const name of targeted) {
    const field = headers.get(name);
    if (field === null) continue;
    if (field.length > LONGEST_DIRECTIVES || isDictionary(field))
      return { directives: readDirectives(field), isTargeted: true };
  }
  return { directives: readDirectives(headers.get('cache-control')), isTargeted: false };
}

/** A Dictionary of RFC 9651 3.2: what it holds in quotes and in brackets is looked at no closer. */
function isDictionary(field: string): boolean {
  return MEMBERS.test(field);
}

const KEY = String.raw`[a-z*][a-z0-9_\-.*]*`;
const ITEM = String.raw`(?:-?\d+(?:\.\d+)?|\?[01]|@-?\d+|:[A-Za-z0-9+/=]*:|"(?:[^"\\]|\\["\\])*"|[A-Za-z*][^ \t,;"()]*)`;
const PARAMETERS = String.raw`(?:;(?:"(?:[^"\\]|\\["\\])*"|[^",])*)?`;
const MEMBER = String.raw`${KEY}(?:=(?:${ITEM}|\([^()]*\)))?${PARAMETERS}`;
const MEMBERS = new RegExp(String.raw`^[ ]*${MEMBER}(?:[ \t]*,[ \t]*${MEMBER})*[ ]*$`);

/** null: nobody says, and it is not for a cache to guess. */
function lifetimeOf(
  { request, status, headers, receivedAt }: AnswerFacts,
  { directives, isTargeted }: Said,
  rules: StoringRules,
): number | null {
  const rule = rules.ttl.find(({ statuses }) => statuses.includes(status));
  if (rule?.override === true) return rule.ttl;
  if (directives.noCache) return 0;
  const seconds = directives.sharedMaxAge ?? directives.maxAge;
  if (seconds !== null) return seconds * 1000;
  const expires = isTargeted ? null : headers.get('expires');
  if (expires !== null) {
    const date = readHttpDate(headers.get('date') ?? '') ?? receivedAt;
    // RFC 9111 5.3: what is no date is in the past.
    return Math.max(0, (readHttpDate(expires) ?? 0) - date);
  }
  // What is made for somebody who is known by a cookie need not be for all: where the backend does not say, nobody guesses.
  if (request.has('cookie') && !directives.isPublic) return null;
  if (rule !== undefined) return rule.ttl;
  if (!rules.heuristic || !(HEURISTIC.has(status) || directives.isPublic)) return null;
  const modified = readHttpDate(headers.get('last-modified') ?? '');
  if (modified === null) return null;
  return Math.min(LONGEST_HEURISTIC_MS, Math.max(0, Math.floor((receivedAt - modified) / 10)));
}

/** RFC 9111 4.2.4, RFC 5861: `must-revalidate` and `proxy-revalidate` forbid, and so does `s-maxage` where nothing else is said (5.2.2.10 there). */
function staleness(
  directives: Directives,
  rules: StoringRules,
): Pick<StoredFreshness, 'staleWhileRevalidateMs' | 'staleIfErrorMs'> {
  if (directives.mustRevalidate || directives.proxyRevalidate || directives.noCache)
    return { staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };
  const isShared = directives.sharedMaxAge !== null;
  const time = (said: number | null, usual: number): number =>
    said === null ? (isShared ? 0 : usual) : said * 1000;
  return {
    staleWhileRevalidateMs: time(directives.staleWhileRevalidate, rules.staleWhileRevalidate),
    staleIfErrorMs: time(directives.staleIfError, rules.staleIfError),
  };
}

/** RFC 9111 4.2.3 */
function bornAt({ headers, requestedAt, receivedAt }: AnswerFacts): number {
  const date = readHttpDate(headers.get('date') ?? '');
  // In whole seconds, as Date is.
  const apparentMs = date === null ? 0 : Math.max(0, Math.floor(receivedAt / 1000) * 1000 - date);
  // Of several the first one counts (5.1 there).
  const [age = ''] = (headers.get('age') ?? '').split(',');
  const correctedMs = readSeconds(age.trim()) * 1000 + Math.max(0, receivedAt - requestedAt);
  return receivedAt - Math.max(apparentMs, correctedMs);
}
