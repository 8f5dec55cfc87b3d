import { z } from 'zod';
import type { PluginExchange } from '../api.ts';
import { list, readText, text, wants } from './fields.ts';
import { pattern, type Groups, type Pattern } from './patterns.ts';
import { groupsOf, hostnameOf, type Template } from './templates.ts';

/** Which requests something is for; what is left out says nothing. To be spread into the options of a plugin. */
export const conditions = {
  /** `example.com`, or `*.example.com` for all below it; the port does not count. */
  hosts: list(
    readText('a host name like "example.com" or "*.example.com"', (name) =>
      /^(?:\*\.)?[^\s*:/]+$/.test(name) || /^\[[0-9a-f:.]+\]$/i.test(name) ? name.toLowerCase() : undefined,
    ),
  ).optional(),
  /** A path, or with `/*` at its end all below it too. */
  path: pathPattern().optional(),
  /** Found in the path, normalised, without the query. */
  match: pattern().optional(),
  methods: list(text('a method like "GET"')).optional(),
};

export interface Conditions {
  readonly hosts?: readonly string[] | undefined;
  readonly path?: string | undefined;
  readonly match?: Pattern | undefined;
  readonly methods?: readonly string[] | undefined;
}

export function pathPattern() {
  return z
    .string({ error: wants('a path like "/files/*"') })
    .refine((path) => /^\/[^*?#\s]*$/.test(path) || /^\/(?:[^*?#\s]*\/)?\*$/.test(path), {
      error: wants('a path like "/files" or "/files/*"'),
    });
}

/** null: not for this request. Else what the conditions found: `rest` is what the `*` of `path` stands for. */
export function findIn(given: Conditions, exchange: PluginExchange): Groups | null {
  const { hosts, path, match, methods } = given;
  const { request } = exchange;
  if (methods !== undefined && !methods.includes(request.method)) return null;
  if (hosts !== undefined && !hosts.some((name) => isHost(name, hostnameOf(request.host)))) return null;
  const rest = path === undefined ? null : restOf(path, request.path);
  if (path !== undefined && rest === null) return null;
  const groups = match === undefined ? null : match.find(request.path);
  if (match !== undefined && groups === null) return null;
  if (rest === null && groups === null) return NOTHING;
  return (name) => (name === 'rest' ? rest : (groups?.(name) ?? null));
}

const NOTHING: Groups = () => null;

function isHost(wanted: string, name: string): boolean {
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted;
}

/** As in a route: exact, or `/files/*` for all that begins with `/files/`. @returns what the `*` stands for, `''` without one; null: it does not match */
export function restOf(wanted: string, path: string): string | null {
  if (!wanted.endsWith('*')) return path === wanted ? '' : null;
  return path.startsWith(wanted.slice(0, -1)) ? path.slice(wanted.length - 1) : null;
}

/** Adds what is wrong with the groups that a template names to its options' issues. */
export function checkGroups(
  used: Template,
  given: Conditions,
  path: PropertyKey[],
  context: z.RefinementCtx,
): void {
  for (const name of groupsOf(used)) {
    const isGiven =
      name === 'rest' ? given.path?.endsWith('*') === true : given.match?.hasGroup(name) === true;
    if (isGiven) continue;
    const message =
      name === 'rest'
        ? '{rest} needs a `path` that ends with /*'
        : `there is no group ${name}, which \`match\` would have to give`;
    context.addIssue({ code: 'custom', path, message });
  }
}
