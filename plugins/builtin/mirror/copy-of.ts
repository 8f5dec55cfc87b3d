import type { PluginExchange, PluginSubrequest } from '../../api.ts';
import { FORWARDING_FIELDS, forwardingFields } from '../forwarding-fields.ts';
import type { Groups } from '../patterns.ts';
import { render } from '../templates.ts';
import type { Options } from './options.ts';

/** Says of a request that it is a copy: such a one is not copied again, however often it comes by. */
export const MARK = 'X-Mirror';

/** Written anew for the copy, or of no sense in it. `expect` waits for what nobody sends (RFC 9110 10.1.1). */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...FORWARDING_FIELDS,
  MARK.toLowerCase(),
  'content-length',
  'expect',
  'host',
]);

export interface CopiedBody {
  /** Its Content-Encoding where it was copied: transforms behind that may undo it. */
  readonly coding: string | null;
}

/**
 * A request as it goes to its backend, for another upstream; its body comes later. null: it has no path (`OPTIONS *`).
 */
export function copyOf(
  exchange: PluginExchange,
  given: Options,
  { groups, body }: { readonly groups: Groups; readonly body: CopiedBody | null },
): PluginSubrequest | null {
  const { request } = exchange;
  if (!request.target.startsWith('/')) return null;
  const fields = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of request.headers) {
    const lower = name.toLowerCase();
    if (LEFT_OUT.has(lower) || given.headers.remove.some((each) => isMeant(each, lower))) continue;
    const known = fields.get(lower);
    if (known === undefined) fields.set(lower, { name, values: [value] });
    else known.values.push(value);
  }
  const set = (name: string, value: string): void => {
    fields.delete(name.toLowerCase());
    if (value !== '') fields.set(name.toLowerCase(), { name, values: [value] });
  };
  if (body !== null) set('Content-Encoding', body.coding ?? '');
  for (const [name, value] of Object.entries(forwardingFields(exchange))) set(name, value);
  for (const [name, value] of Object.entries(given.headers.set)) set(name, render(value, exchange, groups));
  set(MARK, '1');
  const { method, target, host } = request;
  return {
    upstream: given.upstream,
    method,
    target,
    ...(given.keepHost && host !== '' ? { host } : {}),
    // As own properties, whatever a client calls its fields.
    headers: Object.fromEntries(Array.from(fields.values(), ({ name, values }) => [name, values])),
  };
}

/** `wanted`: a name, or the beginning of names with a `*`. */
function isMeant(wanted: string, name: string): boolean {
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}
