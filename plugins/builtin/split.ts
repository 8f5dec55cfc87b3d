import { z } from 'zod';
import { definePlugin, type PluginExchange } from '../api.ts';
import { checkGroups, conditions, findIn } from './conditions.ts';
import { COOKIE_NAME, cookieOf } from './cookies.ts';
import { age, fieldName, object, readText, wants } from './fields.ts';
import { fractionOf } from './fraction-of.ts';
import type { Groups } from './patterns.ts';
import { render, template } from './templates.ts';

const wantsWeight = wants('a weight of 0 or more');
const weight = z.number({ error: wantsWeight }).min(0, { error: wantsWeight });

const options = object({
  ...conditions,
  /** Upstreams with their weights: `{ canary: 5, stable: 95 }`. */
  to: z
    .record(z.string(), weight, {
      error: 'expected upstreams with their weights, like { canary: 5, stable: 95 }',
    })
    .refine((weights) => Object.values(weights).some((each) => each > 0), {
      error: 'expected a weight above 0',
    }),
  /** Who comes again goes where he went before, remembered by a cookie that is set. */
  cookie: object({
    name: readText("a cookie's name", (name) => (COOKIE_NAME.test(name) ? name : undefined)),
    /** How long it is remembered; until the browser is closed, unless given. */
    maxAge: age(1000).optional(),
  }).optional(),
  /** What a hash decides by, in place of a draw: `{client_address}`, `{header.x-user}`. Without a value there is a draw. */
  key: template(['rest']).optional(),
  /** A field by which a request names its upstream itself, of those in `to`: for tests. */
  header: fieldName().optional(),
}).superRefine((value, context) => {
  if (value.key !== undefined) checkGroups(value.key, value, ['key'], context);
  if (value.key !== undefined && value.cookie !== undefined)
    context.addIssue({ code: 'custom', path: ['key'], message: 'a cookie remembers already: one of both' });
});
export type SplitOptions = z.input<typeof options>;
type Options = z.output<typeof options>;

/** Sends a share of the requests to each of several upstreams. */
export default definePlugin({
  name: 'split',
  options,
  upstreams: ({ to }) => Object.keys(to).map((name) => ({ name, path: ['to', name] })),
  create(given) {
    const chosen = new WeakMap<PluginExchange, string>();
    const counts: Record<string, number> = Object.fromEntries(Object.keys(given.to).map((name) => [name, 0]));
    return {
      request(exchange) {
        const groups = findIn(given, exchange);
        if (groups === null) return;
        const upstream = choose(given, exchange, groups);
        exchange.place(upstream);
        exchange.setLogField('split', upstream);
        chosen.set(exchange, upstream);
        counts[upstream] = (counts[upstream] ?? 0) + 1;
      },
      response(exchange) {
        const { cookie } = given;
        const upstream = chosen.get(exchange);
        if (cookie === undefined || upstream === undefined) return;
        const { request, response } = exchange;
        if (cookieOf(request.headers, cookie.name) === encodeURIComponent(upstream)) return;
        response.headers.append('Set-Cookie', cookieFor(cookie, upstream, request.scheme === 'https'));
      },
      status: () => ({ ...counts }),
    };
  },
});

function choose({ to, cookie, key, header }: Options, exchange: PluginExchange, groups: Groups): string {
  const { headers } = exchange.request;
  const asked = header === undefined ? null : headers.get(header);
  if (asked !== null && Object.hasOwn(to, asked)) return asked;
  const sent = cookie === undefined ? null : cookieOf(headers, cookie.name);
  const before =
    sent === null ? undefined : Object.keys(to).find((name) => encodeURIComponent(name) === sent);
  // At weight 0 nobody is to go there any more.
  if (before !== undefined && (to[before] ?? 0) > 0) return before;
  const value = key === undefined ? '' : render(key, exchange, groups);
  return pick(to, value === '' ? Math.random() : fractionOf(value));
}

/** In the order of the config: where the first one's weight grows, those who are there stay. */
function pick(to: Readonly<Record<string, number>>, fraction: number): string {
  const sum = Object.values(to).reduce((total, each) => total + each, 0);
  let rest = fraction * sum;
  let last = '';
  for (const [name, each] of Object.entries(to)) {
    if (each === 0) continue;
    if (rest < each) return name;
    rest -= each;
    last = name;
  }
  return last;
}

function cookieFor(
  { name, maxAge }: NonNullable<Options['cookie']>,
  upstream: string,
  secure: boolean,
): string {
  const lifetime = maxAge === undefined ? '' : `; Max-Age=${Math.floor(maxAge / 1000)}`;
  return `${name}=${encodeURIComponent(upstream)}; Path=/${lifetime}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
