import { z } from 'zod';
import { definePlugin, textAnswer, type PluginExchange } from '../api.ts';
import { checkGroups, conditions, findIn } from './conditions.ts';
import { flag, list, object, record, text, wants } from './fields.ts';
import type { Groups } from './patterns.ts';
import { decoded, encodeForUrl, render, template, type Template } from './templates.ts';

const PATH = /^\/[^?#\s*]*$/;
const PATH_END = /^[^?#\s]*$/;
const prefix = z
  .string({ error: wants('a path like "/api"') })
  .regex(/^(?:\/[^/?#\s*]+)+$/, { error: wants('a path like "/api", without a slash at its end') });

const ruleSchema = object({
  ...conditions,
  /** Taken off the path's beginning, where it has it as whole segments. */
  stripPrefix: prefix.optional(),
  /** Put before the path. */
  addPrefix: prefix.optional(),
  /** The new path. */
  to: template(['rest']).optional(),
  /** The new query, without `?`. */
  query: template(['rest']).optional(),
  /** Parameters that are set in the query. */
  setQuery: record(text("a parameter's name"), template(['rest'])).optional(),
  /** Parameters that are taken out of it. */
  removeQuery: list(text("a parameter's name")).optional(),
  /** The new host, with its port. */
  host: template(['rest']).optional(),
  /** No rule after this one, where this one has applied. */
  last: flag.default(false),
}).superRefine((value, context) => {
  const templates = { to: value.to, query: value.query, host: value.host };
  for (const [key, each] of Object.entries(templates))
    if (each !== undefined) checkGroups(each, value, [key], context);
  for (const [name, each] of Object.entries(value.setQuery ?? {}))
    checkGroups(each, value, ['setQuery', name], context);
  const wrong = value.to?.parts.some(
    (part, i) => typeof part === 'string' && !(i === 0 ? PATH : PATH_END).test(part),
  );
  if (wrong === true)
    context.addIssue({
      code: 'custom',
      path: ['to'],
      message: 'expected a path that begins with /; what belongs behind a ? is said by `query`',
    });
});
type Rule = z.output<typeof ruleSchema>;

const options = object({
  /** Those whose conditions hold apply in their order, each to what the ones before have made. */
  rules: list(ruleSchema),
});
export type RewriteOptions = z.input<typeof options>;

/** Changes where requests go: what later plugins, rules, routes and the backend see. */
export default definePlugin({
  name: 'rewrite',
  options,
  create: ({ rules }) => ({
    request(exchange) {
      for (const each of rules) {
        const groups = findIn(each, exchange);
        if (groups === null) continue;
        if (!apply(each, exchange, groups)) return textAnswer(400, 'This cannot be asked for.\n');
        if (each.last) break;
      }
      return undefined;
    },
  }),
});

/** false: what the client sent has made a target or host that none can be, as `..` does in `/files/{query.name}`. */
function apply(rule: Rule, exchange: PluginExchange, groups: Groups): boolean {
  const { request } = exchange;
  if (request.target === '*') return true;
  const valueOf = (each: Template, besides: string): string =>
    render(each, exchange, groups, (value) => encodeForUrl(value, besides));
  const path = newPath(rule, request.target.replace(/\?.*$/s, ''), (each) => valueOf(each, '?'));
  let query = rule.query === undefined ? request.query : valueOf(rule.query, '');
  if (rule.setQuery !== undefined || rule.removeQuery !== undefined) {
    const gone = new Set([...Object.keys(rule.setQuery ?? {}), ...(rule.removeQuery ?? [])]);
    const pairs = query
      .split('&')
      .filter((pair) => pair !== '' && !gone.has(decoded(pair.replace(/=.*$/s, ''))));
    for (const [name, value] of Object.entries(rule.setQuery ?? {}))
      pairs.push(`${encodeURIComponent(name)}=${valueOf(value, '&')}`);
    query = pairs.join('&');
  }
  const target = `${path}${query === '' ? '' : `?${query}`}`;
  const host = rule.host === undefined ? null : render(rule.host, exchange, groups);
  try {
    if (target !== request.target) request.target = target;
    if (host !== null && host !== request.host) request.host = host;
    return true;
  } catch {
    return false;
  }
}

function newPath(
  { to, stripPrefix, addPrefix }: Rule,
  current: string,
  valueOf: (to: Template) => string,
): string {
  let changed = to === undefined ? current : valueOf(to).replace(/^\/*/, '/');
  if (stripPrefix !== undefined && (changed === stripPrefix || changed.startsWith(`${stripPrefix}/`)))
    changed = changed.slice(stripPrefix.length) || '/';
  return addPrefix === undefined ? changed : addPrefix + changed;
}
