import type { PluginAnswer } from '../../api.ts';
import { readHttpDate } from '../http-date.ts';
import { failedPrecondition, rangeOf, type Validators } from '../preconditions.ts';
import { cacheStatus, type CacheEvent, type StatusRules } from './cache-status.ts';
import { FieldCopy, type FieldReader } from './field-copy.ts';
import type { MemoryEntry } from './memory-entry.ts';
import type { ByteSpan, StoredHead } from './stored-answer.ts';

/** The request that is answered from the cache. */
export interface Asked {
  readonly method: string;
  readonly headers: FieldReader;
}

/** null: not to be told of in the answer. */
export type Telling = StatusRules | null;

/** A hit of GET that asks for no part and knows no version: the same answer for a whole second, as Age and ttl are in seconds. */
export function wholeAnswer(entry: MemoryEntry, now: number, telling: Telling): PluginAnswer {
  const second = Math.floor(now / 1000);
  if (entry.ready?.second === second) return entry.ready.answer;
  const headers = fieldsFor(entry.head, now, { forwarded: null }, telling);
  // What can not be changed need not be looked through for each request.
  for (const value of Object.values(headers)) Object.freeze(value);
  const answer = { status: entry.head.status, headers: Object.freeze(headers), body: entry.body };
  entry.ready = { second, answer };
  return answer;
}

/** An answer but for its body. `span`: what of the stored one that is; null: none. */
export interface Shape {
  readonly answer: Omit<PluginAnswer, 'body'>;
  readonly span: ByteSpan | null;
}

/** What `Range` and `If-…` of the request make of a stored answer. */
export function shapeFor(
  head: StoredHead,
  { method, headers: asked }: Asked,
  now: number,
  event: CacheEvent,
  telling: Telling,
): Shape {
  const { status, length } = head;
  const headers = fieldsFor(head, now, event, telling);
  const whole: Shape = { answer: { status, headers, length }, span: { start: 0, end: length } };
  // RFC 9110 13.2.1: where it would be no 2xx there are no conditions to be looked at.
  if (status !== 200) return whole;
  const validators = validatorsOf(head);
  if (failedPrecondition(withoutIfMatch(asked), validators) === 304)
    return { answer: { status: 304, headers: withoutContent(headers) }, span: null };
  const range = method === 'GET' ? rangeOf(asked, length, validators) : null;
  if (range === null) return whole;
  if (range === 'unsatisfiable') {
    const fields = { ...withoutContent(headers), 'Content-Range': `bytes */${length}` };
    return { answer: { status: 416, headers: fields }, span: null };
  }
  const fields = { ...headers, 'Content-Range': contentRange(range, length) };
  return { answer: { status: 206, headers: fields, length: range.end - range.start }, span: range };
}

/** The answer with what the entry has in memory. */
export function fromMemory({ answer, span }: Shape, { body }: MemoryEntry): PluginAnswer {
  return span === null ? answer : { ...answer, body: body.subarray(span.start, span.end) };
}

export function contentRange({ start, end }: ByteSpan, length: number): string {
  return `bytes ${start}-${end - 1}/${length}`;
}

export function validatorsOf({ fields }: Pick<StoredHead, 'fields'>): Validators {
  const copy = new FieldCopy(fields);
  return { tag: copy.get('etag'), modifiedMs: readHttpDate(copy.get('last-modified') ?? '') };
}

/** RFC 9111 4.3.2: they are for the origin alone. */
function withoutIfMatch(headers: FieldReader): Pick<FieldReader, 'get'> {
  return {
    get: (name) => (name === 'if-match' || name === 'if-unmodified-since' ? null : headers.get(name)),
  };
}

type Fields = Readonly<Record<string, string | string[]>>;

function fieldsFor(head: StoredHead, now: number, event: CacheEvent, telling: Telling): Fields {
  const { bornAt, lifetimeMs } = head.freshness;
  const ageMs = Math.max(0, now - bornAt);
  // A backend names them as it likes, `constructor` too.
  const values = new Map<string, string | string[]>();
  const append = (name: string, value: string): void => {
    const before = values.get(name);
    if (before === undefined) values.set(name, value);
    else if (typeof before === 'string') values.set(name, [before, value]);
    else before.push(value);
  };
  for (const [name, value] of head.fields) append(name, value);
  append('Age', String(Math.floor(ageMs / 1000)));
  const ttl = Math.floor((lifetimeMs - ageMs) / 1000);
  if (telling !== null) append('Cache-Status', cacheStatus({ ttl, ...event }, head.key, telling));
  return Object.fromEntries(values);
}

/** RFC 9110 15.4.5: of the content a 304 tells nothing, and a 416 has other content. */
function withoutContent(headers: Fields): Fields {
  const rest = Object.entries(headers).filter(
    ([name]) => !/^content-(?:type|encoding|language|range|md5|digest|disposition)$/i.test(name),
  );
  return Object.fromEntries(rest);
}
