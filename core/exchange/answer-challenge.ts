import { normalisedPathOf } from '../shared/normalise-path.ts';
import type { Exchange } from './exchange.ts';
import type { LocalAnswer } from './respond.ts';
import { hostWithoutPort } from './routes.ts';

/** What a CA's questions over plain HTTP are answered with at present. */
export interface HttpChallenges {
  /** Whether any order runs that may ask. */
  readonly isEmpty: boolean;
  /** `host`: in lower case, without port. null: nothing is known of this token there. */
  answer(token: string, host: string): string | null;
}

/** RFC 8555 8.3: HTTP-01 challenges are asked for here. */
const PREFIX = '/.well-known/acme-challenge/';

/**
 * The answer to a CA that asks for a challenge which was prepared. null for every other request: it goes on as any. Nothing of a target
 * is decoded, for a token is base64url; so there is one way to write each.
 */
export function answerChallenge(exchange: Exchange): LocalAnswer | null {
  const { challenges } = exchange.service;
  if (challenges.isEmpty || exchange.scheme !== 'http' || !exchange.target.startsWith(PREFIX)) return null;
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return null;
  const body = challenges.answer(exchange.target.slice(PREFIX.length), hostWithoutPort(exchange.host));
  if (body === null) return null;
  return { status: 200, headers: [['Content-Type', 'application/octet-stream']], body };
}

/**
 * What stands in a log for a target: the one that was received, whatever plugins make of it. A token is the business of the CA
 * and of who ordered, also one that came too late, or is for a backend of ours.
 */
export function loggedTarget({ request, target, normalisedPath }: Exchange): string {
  const path = request.target === target ? normalisedPath : normalisedPathOf(request.target);
  return (path ?? request.target).includes(PREFIX) ? `${PREFIX}*` : request.target;
}
