import type { JWTVerifyOptions } from 'jose';
import { definePlugin, textAnswer, type PluginAnswer, type PluginExchange } from '../../api.ts';
import { findIn } from '../conditions.ts';
import { deleteWithLookalikes } from '../lookalikes.ts';
import { grantOf, type Grant } from './grant.ts';
import { openKeys } from './key-source.ts';
import { ASYMMETRIC, options, SYMMETRIC, type Options } from './options.ts';
import { removeTokens, tokensIn } from './tokens.ts';
import { Verifier, type Verdict } from './verifier.ts';

/** Lets requests through that have a good JSON Web Token (RFC 7519), and says what it says. */
export default definePlugin({
  name: 'jwt',
  options,
  upstreams: ({ jwks }) =>
    jwks?.upstream === undefined ? [] : [{ name: jwks.upstream, path: ['jwks', 'upstream'] }],
  async create(given, context) {
    const keys = await openKeys(given, context);
    const verifier = new Verifier({
      keys,
      algorithms: given.algorithms ?? (given.secrets === undefined ? ASYMMETRIC : SYMMETRIC),
      expectations: expectationsOf(given),
      clockToleranceMs: given.clockTolerance,
      longestMs: given.longest ?? null,
      largest: given.largest,
      remember: given.remember,
      grantOf: (claims) => grantOf(given, claims),
    });
    const names = Object.values(given.claimsToHeaders);
    return {
      request(exchange) {
        // Also where no token is asked for: what the fields say is nobody's to say but ours.
        for (const name of names) deleteWithLookalikes(exchange.request.headers, name);
        if (findIn(given, exchange) === null) return undefined;
        const tokens = tokensIn(given.from, exchange.request);
        if (tokens === 'ambiguous') return refuse(exchange, given, 'ambiguous');
        const [token] = tokens;
        if (token === undefined) return given.optional ? undefined : refuse(exchange, given, 'missing');
        const verdict = verifier.verify(token);
        return verdict instanceof Promise
          ? verdict.then((each) => carryOut(exchange, given, each))
          : carryOut(exchange, given, verdict);
      },
      status: () => ({ keys: keys.keys?.size ?? 0, remembered: verifier.remembered }),
      close: () => keys.close?.(),
    };
  },
});

function expectationsOf({
  issuer,
  audience,
  type,
  clockTolerance,
  requireExpiry,
  longest,
}: Options): JWTVerifyOptions {
  return {
    clockTolerance: clockTolerance / 1000,
    requiredClaims: requireExpiry ? ['exp'] : [],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    ...(type === undefined ? {} : { typ: type }),
    ...(longest === undefined ? {} : { maxTokenAge: longest / 1000 }),
  };
}

function carryOut(
  exchange: PluginExchange,
  given: Options,
  verdict: Verdict<Grant>,
): PluginAnswer | undefined {
  if (verdict.kind !== 'good') return refuse(exchange, given, verdict.reason);
  const { grant } = verdict;
  if (grant.user !== null) exchange.setLogField('user', grant.user);
  if (!grant.isAllowed) return refuse(exchange, given, 'scope');
  const { headers } = exchange.request;
  if (!given.keepToken) removeTokens(given.from, exchange.request);
  for (const [name, value] of grant.fields) headers.set(name, value);
  for (const [name, value] of grant.variables) exchange.setVariable(name, value);
  return undefined;
}

/** What went wrong is in the log alone: who tries tokens learns nothing of it (RFC 6750 3.1 has the words of the answer). */
function refuse(
  exchange: PluginExchange,
  { realm, require: { scope } }: Options,
  reason: string,
): PluginAnswer {
  exchange.setLogField('jwt', reason);
  switch (reason) {
    case 'no keys':
    case 'busy':
      return answer(503, 'Tokens cannot be looked at just now.\n', { 'Retry-After': '1' });
    case 'missing':
      return answer(401, 'A token is needed.\n', { 'WWW-Authenticate': `Bearer realm="${realm}"` });
    case 'ambiguous':
      return answer(400, 'One token is expected.\n', challenge(realm, 'invalid_request'));
    case 'scope':
      return answer(
        403,
        'This token is not for this.\n',
        challenge(realm, 'insufficient_scope', scope.length === 0 ? '' : `, scope="${scope.join(' ')}"`),
      );
    default:
      return answer(401, 'A good token is needed.\n', challenge(realm, 'invalid_token'));
  }
}

function challenge(realm: string, error: string, more = ''): Record<string, string> {
  return { 'WWW-Authenticate': `Bearer realm="${realm}", error="${error}"${more}` };
}

function answer(status: number, text: string, fields: Readonly<Record<string, string>>): PluginAnswer {
  const plain = textAnswer(status, text);
  return { ...plain, headers: { ...plain.headers, ...fields, 'Cache-Control': 'no-store' } };
}
