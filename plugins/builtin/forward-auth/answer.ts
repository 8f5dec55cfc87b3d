import type { PluginAnswer, PluginHeaders } from '../../api.ts';

/** What an answer's status says. */
export type Meaning =
  | 'pass'
  /** The client gets this answer. */
  | 'refuse'
  /** As good as none. */
  | 'unavailable'
  /** Nobody knows what it means: most likely another place was asked than was meant. */
  | 'odd';

export function meaningOf(status: number): Meaning {
  if (status >= 200 && status <= 299) return 'pass';
  if ([301, 302, 303, 307, 308, 401, 403, 429].includes(status)) return 'refuse';
  return status >= 500 ? 'unavailable' : 'odd';
}

/** A refusal for the client, with its fields as they are. What frames it is left out on its way. */
export function refusalOf(status: number, headers: PluginHeaders, body: Buffer): PluginAnswer {
  const fields = Map.groupBy(headers, ([name]) => name.toLowerCase());
  const values = [...fields].map(([name, all]) => [name, all.map(([, value]) => value)] as const);
  // It is about this client now: a 301 or 308 would be kept otherwise (RFC 9111 4.2.2).
  return { status, headers: { 'cache-control': 'no-store', ...Object.fromEntries(values) }, body };
}
