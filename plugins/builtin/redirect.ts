import type { z } from 'zod';
import { definePlugin, redirectTo, type PluginExchange } from '../api.ts';
import { checkGroups, conditions, findIn } from './conditions.ts';
import { flag, integer, list, object } from './fields.ts';
import { locationOf } from './location.ts';
import { hasValue, template } from './templates.ts';

const redirect = object({
  ...conditions,
  /** Where to: an absolute URL, or a path. */
  to: template(['rest']),
  /** 301, 302, 303, 307 or 308. */
  status: integer(301, 308)
    .refine((status) => [301, 302, 303, 307, 308].includes(status), {
      error: 'expected 301, 302, 303, 307 or 308',
    })
    .default(302),
  /** Whether the query goes along; so it does where `to` has none of its own. */
  keepQuery: flag.optional(),
}).superRefine((value, context) => {
  checkGroups(value.to, value, ['to'], context);
  const [start] = value.to.parts;
  if (typeof start === 'string' && !/^(?:\/|https?:\/\/)/.test(start))
    context.addIssue({ code: 'custom', path: ['to'], message: 'expected a path or an http(s) URL' });
});
const options = object({
  /** The first one whose conditions hold counts. */
  redirects: list(redirect),
});
export type RedirectOptions = z.input<typeof options>;

/** Sends clients elsewhere. */
export default definePlugin({
  name: 'redirect',
  options,
  create: ({ redirects }) => ({
    request(exchange) {
      for (const each of redirects) {
        const groups = findIn(each, exchange);
        if (groups !== null)
          return redirectTo(withQuery(locationOf(each.to, exchange, groups), each, exchange), each.status);
      }
      return undefined;
    },
  }),
});

function withQuery(
  location: string,
  { to, keepQuery }: z.output<typeof redirect>,
  { request }: PluginExchange,
): string {
  const wanted = keepQuery ?? !(location.includes('?') || hasValue(to, 'query') || hasValue(to, 'target'));
  if (!wanted || request.query === '') return location;
  const [, before = '', fragment = ''] = /^([^#]*)(.*)$/.exec(location) ?? [];
  return `${before}${before.includes('?') ? '&' : '?'}${request.query}${fragment}`;
}
