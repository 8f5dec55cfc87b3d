/** Why a request went to the backend (RFC 9211 2.2). */
export type Forwarded = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'stale' | 'request';

/** What became of a request in the cache, for Cache-Status. */
export interface CacheEvent {
  /** null: it was answered from the cache alone. */
  readonly forwarded: Forwarded | null;
  readonly forwardedStatus?: number;
  /** In seconds; negative: stale for so long. */
  readonly ttl?: number;
  readonly stored?: boolean;
  /** Whether it waited for the answer to another request, and got it. */
  readonly collapsed?: boolean;
  /** A token. */
  readonly detail?: string;
}

export interface StatusRules {
  readonly name: string;
  readonly key: boolean;
}

/** One member of the list that Cache-Status is (RFC 9211 2). */
export function cacheStatus(event: CacheEvent, key: string, rules: StatusRules): string {
  let field = `${rules.name}; ${event.forwarded === null ? 'hit' : `fwd=${event.forwarded}`}`;
  if (event.forwardedStatus !== undefined) field += `; fwd-status=${event.forwardedStatus}`;
  if (event.ttl !== undefined) field += `; ttl=${event.ttl}`;
  if (event.stored === true) field += '; stored';
  if (event.collapsed !== undefined) field += event.collapsed ? '; collapsed' : '; collapsed=?0';
  if (rules.key) field += `; key=${quoted(key)}`;
  if (event.detail !== undefined) field += `; detail=${event.detail}`;
  return field;
}

/** A String of RFC 9651 3.3.3: printable ASCII. */
function quoted(key: string): string {
  return `"${key
    .trimEnd()
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
