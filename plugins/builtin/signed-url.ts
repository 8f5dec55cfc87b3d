import { createHmac, timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import { definePlugin, textAnswer, type PluginAnswer, type PluginExchange } from '../api.ts';
import { conditions, findIn } from './conditions.ts';
import { age, choice, flag, list, object, readText, text } from './fields.ts';
import { decoded } from './templates.ts';

const parameter = readText('a name of letters, digits, - and _', (name) =>
  /^[\w-]+$/.test(name) ? name : undefined,
);
const options = object({
  ...conditions,
  /** Any of them may have signed: a new one goes before the old one, which goes when its URLs have expired. */
  keys: list(text('a secret').min(16, { error: 'expected a secret of at least 16 characters' })).min(1, {
    error: 'expected at least one key',
  }),
  /** What of the request is signed, besides path, query and expiry. */
  include: list(choice(['method', 'host', 'client_address'])).default([]),
  /** No URL is good for longer than this from now on, whatever it says. */
  longest: age(1000).optional(),
  /** The parameter with the time (in seconds since 1970) after which a URL is no longer good. */
  expires: parameter.default('expires'),
  /** The parameter with the signature, the last one of the URL. */
  signature: parameter.default('signature'),
  /** Whether backends see both parameters. */
  keep: flag.default(false),
});
export type SignedUrlOptions = z.input<typeof options>;
type Options = z.output<typeof options>;

/** Lets only URLs through that were signed by somebody who has a key, and only until they expire. */
export default definePlugin({
  name: 'signed-url',
  options,
  create: (given) => ({
    request(exchange) {
      if (findIn(given, exchange) === null) return undefined;
      const problem = problemWith(given, exchange);
      if (problem !== null) {
        exchange.setLogField('signed_url', problem);
        return refusal(problem === 'expired' ? 'This link has expired.\n' : 'This link is not valid.\n');
      }
      if (!given.keep) strip(given, exchange);
      return undefined;
    },
  }),
});

function refusal(reason: string): PluginAnswer {
  const { status, headers, body = null } = textAnswer(403, reason);
  return { status, headers: { ...headers, 'Cache-Control': 'no-store' }, body };
}

/** null: it is good. */
function problemWith(given: Options, exchange: PluginExchange): string | null {
  const { target, query } = exchange.request;
  const pairs = query.split('&');
  const [sent, ...more] = valuesOf(pairs, given.signature);
  const [expiry, ...others] = valuesOf(pairs, given.expires);
  if (sent === undefined || expiry === undefined) return 'unsigned';
  // Which one of two counts is seen differently here and there.
  if (more.length > 0 || others.length > 0) return 'malformed';
  const end = `&${given.signature}=${sent}`;
  if (!target.endsWith(end) || !/^[0-9]{1,11}$/.test(expiry)) return 'malformed';
  const signed = [
    ...given.include.map((part) => included(part, exchange)),
    target.slice(0, -end.length),
  ].join('\n');
  if (!given.keys.some((key) => isSignature(sent, key, signed))) return 'forged';
  const left = Number(expiry) * 1000 - Date.now();
  if (left <= 0) return 'expired';
  return given.longest !== undefined && left > given.longest ? 'too-long' : null;
}

function included(part: Options['include'][number], { request, clientAddress }: PluginExchange): string {
  switch (part) {
    case 'method':
      // Who may read something may ask whether it is there.
      return request.method === 'HEAD' ? 'GET' : request.method;
    case 'host':
      return request.host;
    case 'client_address':
      return clientAddress;
  }
}

function isSignature(sent: string, key: string, signed: string): boolean {
  const wanted = createHmac('sha256', key).update(signed).digest();
  const given = Buffer.from(sent, 'base64url');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function valuesOf(pairs: readonly string[], name: string): string[] {
  return pairs.flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals !== -1 && decoded(pair.slice(0, equals)) === name ? [pair.slice(equals + 1)] : [];
  });
}

function strip({ signature, expires }: Options, { request }: PluginExchange): void {
  const kept = request.query.split('&').filter((pair) => {
    const name = decoded(pair.replace(/=.*$/s, ''));
    return name !== signature && name !== expires;
  });
  const path = request.target.replace(/\?.*$/s, '');
  request.target = kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}
