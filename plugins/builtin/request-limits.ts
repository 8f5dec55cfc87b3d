import type { z } from 'zod';
import {
  definePlugin,
  textAnswer,
  type BodyTransform,
  type PluginAnswer,
  type PluginExchange,
} from '../api.ts';
import { conditions, findIn } from './conditions.ts';
import { integer, list, object, readText, size } from './fields.ts';

const { hosts, path, match, methods } = conditions;
const options = object({
  path,
  match,
  /** Those that are served. */
  methods,
  /** Those that are served. */
  hosts,
  /** The target's length: path and query. */
  target: size().optional(),
  /** How many header fields. */
  headers: integer(1, 10_000).optional(),
  /** Names and values of all header fields. */
  headerBytes: size().optional(),
  /** Of a request. One that says its length is refused before it is sent. */
  body: size(0).optional(),
  /** Of requests with a body; `image/*` for all of a kind. */
  contentTypes: list(
    readText('a media type like "application/json" or "image/*"', (type) =>
      /^[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+)$/.test(type) ? type.toLowerCase() : undefined,
    ),
  ).optional(),
});
export type RequestLimitsOptions = z.input<typeof options>;
type Options = z.output<typeof options>;

/** Refuses requests that are larger than, or otherwise than, what is served here. */
export default definePlugin({
  name: 'request-limits',
  options,
  create(given) {
    // The path counts as it was here: what comes later may rewrite it.
    const limited = new WeakSet<PluginExchange>();
    return {
      request(exchange) {
        if (findIn({ path: given.path, match: given.match }, exchange) === null) return undefined;
        limited.add(exchange);
        const refusal = refusalOf(given, exchange);
        if (refusal !== null) exchange.setLogField('limit', refusal.limit);
        return refusal?.answer;
      },
      requestBody(exchange) {
        const { body } = given;
        if (body === undefined || !limited.has(exchange)) return null;
        return { transform: countingTo(body, exchange), length: 'same' };
      },
    };
  },
});

interface Refusal {
  readonly limit: string;
  readonly answer: PluginAnswer;
}

function refusalOf(given: Options, exchange: PluginExchange): Refusal | null {
  const { request } = exchange;
  const { method, target, headers, bodyLength, hasBody } = request;
  if (given.hosts !== undefined && findIn({ hosts: given.hosts }, exchange) === null)
    return { limit: 'hosts', answer: textAnswer(421, 'This host is not served here.\n') };
  if (given.methods !== undefined && !given.methods.includes(method)) {
    const { status, body } = textAnswer(405, 'This method is not allowed.\n');
    return {
      limit: 'methods',
      answer: {
        status,
        headers: { Allow: given.methods.join(', '), 'Content-Type': 'text/plain' },
        ...(body == null ? {} : { body }),
      },
    };
  }
  if (given.target !== undefined && target.length > given.target)
    return { limit: 'target', answer: textAnswer(414, 'The URL is too long.\n') };
  const fields = given.headers === undefined && given.headerBytes === undefined ? [] : [...headers];
  if (fields.length > (given.headers ?? Infinity))
    return { limit: 'headers', answer: textAnswer(431, 'There are too many header fields.\n') };
  if (bytesOf(fields) > (given.headerBytes ?? Infinity))
    return { limit: 'headerBytes', answer: textAnswer(431, 'The header fields are too large.\n') };
  if (given.body !== undefined && bodyLength !== null && bodyLength > given.body)
    return { limit: 'body', answer: tooLarge() };
  if (
    given.contentTypes !== undefined &&
    hasBody &&
    !isAccepted(given.contentTypes, headers.getAll('content-type'))
  )
    return { limit: 'contentTypes', answer: textAnswer(415, 'This media type is not taken here.\n') };
  return null;
}

function tooLarge(): PluginAnswer {
  return textAnswer(413, 'The body is too large.\n');
}

function bytesOf(fields: readonly (readonly [name: string, value: string])[]): number {
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

/** Two fields could be read as either of them. */
function isAccepted(types: readonly string[], fields: readonly string[]): boolean {
  const [field] = fields;
  if (field === undefined || fields.length > 1) return false;
  const sent = field.replace(/;.*$/s, '').trim().toLowerCase();
  if (!/^[^\s,/]+\/[^\s,/]+$/.test(sent)) return false;
  return types.some((type) => (type.endsWith('/*') ? sent.startsWith(type.slice(0, -1)) : sent === type));
}

function countingTo(most: number, exchange: PluginExchange): BodyTransform {
  let bytes = 0;
  return {
    data(piece, push) {
      bytes += piece.length;
      if (bytes <= most) {
        push(piece);
        return;
      }
      exchange.setLogField('limit', 'body');
      exchange.refuse(tooLarge());
    },
  };
}
