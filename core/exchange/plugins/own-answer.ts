import type { PluginInstance } from '../../../plugins/contract/chain.ts';
import type { BodyStream, PluginAnswer } from '../../../plugins/contract/message.ts';
import type { Exchange } from '../exchange.ts';
import { HeaderList } from '../headers.ts';
import { hasNoBody, reasonOf, type LocalAnswer } from '../respond.ts';
import { CHUNKED_BODY, NO_BODY, type BodyFraming, type ResponseHead } from '../streams.ts';
import { withHsts } from '../add-hsts.ts';
import { giveUp } from './body-pump.ts';
import { fieldsOf } from './plugin-headers.ts';

/** An answer that no backend gave. */
export interface OwnAnswer {
  readonly head: ResponseHead;
  /** null: none is sent. */
  readonly body: Buffer | BodyStream | null;
  readonly from: 'rule' | 'plugin' | 'proxy';
  /** Whose it is; null: nobody's, or nobody knows. */
  readonly instance: PluginInstance | null;
}

/** What the proxy says itself, in the shape that plugins' answers have. */
export function ownAnswerOf(exchange: Exchange, local: LocalAnswer, from: 'rule' | 'proxy'): OwnAnswer {
  const { status, headers, body } = withHsts(exchange, local);
  const list = new HeaderList();
  list.append('Server', 'tidegate');
  for (const [name, value] of headers) list.append(name, value);
  return { ...measured(exchange, status, list, Buffer.from(body), null), from, instance: null };
}

/** @throws TypeError, RangeError for what is no answer */
export function pluginAnswer(
  exchange: Exchange,
  answer: PluginAnswer,
  instance: PluginInstance | null,
): OwnAnswer {
  const { status, headers = {}, body = null, length } = answer;
  checkStatus(status);
  const list = fieldsOf(headers);
  if (!list.has('server')) list.append('Server', 'tidegate');
  const { hsts } = exchange.service.config;
  if (hsts !== null && exchange.scheme === 'https' && !list.has('strict-transport-security'))
    list.append('Strict-Transport-Security', hsts);
  const known = lengthOf(length);
  return { ...measured(exchange, status, list, bodyOf(body), known), from: 'plugin', instance };
}

/** @throws RangeError */
export function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`${String(status)} is no status of an answer: 200 to 599`);
}

function bodyOf(body: PluginAnswer['body']): Buffer | BodyStream {
  if (body === null || body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (typeof body === 'object' && Symbol.asyncIterator in body) return body;
  throw new TypeError('the body of an answer is a string, bytes, or an async iterable of bytes');
}

function lengthOf(length: number | undefined): number | null {
  if (length === undefined) return null;
  if (!Number.isSafeInteger(length) || length < 0)
    throw new RangeError(`${String(length)} is no length of a body`);
  return length;
}

/** With what frames it: to HEAD the length that its body would have (RFC 9110 9.3.2), and none in a 204 and, for it has no body to measure, a 304 (8.6 there). */
function measured(
  exchange: Exchange,
  status: number,
  headers: HeaderList,
  body: Buffer | BodyStream,
  length: number | null,
): { head: ResponseHead; body: Buffer | BodyStream | null } {
  const bytes = Buffer.isBuffer(body) ? body.length : length;
  const isBodiless = hasNoBody(status);
  if (!isBodiless && bytes !== null) headers.append('Content-Length', String(bytes));
  const isSent = !isBodiless && exchange.method !== 'HEAD';
  const framing: BodyFraming = !isSent ? NO_BODY : bytes === null ? CHUNKED_BODY : { kind: 'length', bytes };
  if (!isSent) leaveUnread(body);
  return {
    head: { status, reason: reasonOf(status), headers, framing, nominated: null },
    body: isSent ? body : null,
  };
}

/** Nobody will ask for it: what it holds is given back. */
export function leaveUnread(body: OwnAnswer['body']): void {
  if (body !== null && !Buffer.isBuffer(body)) giveUp(body[Symbol.asyncIterator]());
}
