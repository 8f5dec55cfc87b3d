import { definePlugin, textAnswer, type PluginAnswer, type PluginExchange } from '../../api.ts';
import { findIn } from '../conditions.ts';
import { deleteWithLookalikes } from '../lookalikes.ts';
import { askFor, type Outcome } from './asker.ts';
import { options } from './options.ts';
import { Passes, type Pass } from './passes.ts';
import { keyOf, questionAbout } from './question.ts';

/** Asks somebody else whether a request may pass. */
export default definePlugin({
  name: 'forward-auth',
  options,
  upstreams: ({ upstream }) => [{ name: upstream, path: ['upstream'] }],
  create(given, context) {
    const { cache } = given;
    const passes = cache === undefined ? null : new Passes(cache.time, cache.entries);
    const cookies = new WeakMap<PluginExchange, readonly string[]>();
    const counts = { passed: 0, remembered: 0, refused: 0, unavailable: 0, odd: 0 };

    const letPass = (exchange: PluginExchange, pass: Pass): undefined => {
      for (const [name, value] of pass.fields) exchange.request.headers.append(name, value);
      if (pass.cookies.length > 0) cookies.set(exchange, pass.cookies);
    };
    const carryOut = (
      exchange: PluginExchange,
      outcome: Outcome,
      key: string | null,
    ): PluginAnswer | undefined => {
      switch (outcome.kind) {
        case 'pass':
          counts.passed += 1;
          if (key !== null && outcome.mayBeKept) passes?.add(key, outcome.pass);
          return letPass(exchange, outcome.pass);
        case 'refuse':
          counts.refused += 1;
          exchange.setLogField('forward_auth', `refused ${outcome.answer.status}`);
          return outcome.answer;
        case 'unavailable':
          counts.unavailable += 1;
          exchange.setLogField('forward_auth', `unavailable: ${outcome.why}`);
          if (given.onUnavailable === 'pass') return undefined;
          return failure(503, 'Whether this may pass cannot be found out just now.\n', {
            'Retry-After': '1',
          });
        case 'odd':
          counts.odd += 1;
          exchange.setLogField('forward_auth', `odd: ${outcome.why}`);
          return failure(502, 'Whether this may pass cannot be found out.\n');
      }
    };
    return {
      request(exchange) {
        const { headers } = exchange.request;
        const isGuarded = findIn(given, exchange) !== null;
        const isAmbiguous = headers.getAll('authorization').length > 1;
        // Before the fields go: one of them may be Authorization.
        const question = isGuarded && !isAmbiguous ? questionAbout(exchange, given) : null;
        // Also where nobody is asked: what the fields say is nobody's to say but the asked one's.
        for (const name of given.copyHeaders) deleteWithLookalikes(headers, name);
        if (!isGuarded) return undefined;
        // Whoever is asked might go by the first, and a backend by the last.
        if (question === null) {
          counts.refused += 1;
          exchange.setLogField('forward_auth', 'ambiguous');
          return failure(400, 'One Authorization field is expected.\n');
        }
        const key = cache === undefined ? null : keyOf(question, cache.ignore);
        const known = key === null ? null : (passes?.get(key) ?? null);
        if (known !== null) {
          counts.remembered += 1;
          return letPass(exchange, known);
        }
        return askFor(question, given, context, exchange.signal).then((outcome) =>
          carryOut(exchange, outcome, key),
        );
      },
      ...(given.setCookies && {
        response(exchange) {
          for (const cookie of cookies.get(exchange) ?? [])
            exchange.response.headers.append('Set-Cookie', cookie);
        },
      }),
      status: () => (passes === null ? counts : { ...counts, kept: passes.size }),
    };
  },
});

function failure(status: number, text: string, fields: Readonly<Record<string, string>> = {}): PluginAnswer {
  const plain = textAnswer(status, text);
  return { ...plain, headers: { ...plain.headers, ...fields, 'Cache-Control': 'no-store' } };
}
