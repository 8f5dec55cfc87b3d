import type { Directives } from './directives.ts';
import type { StoredFreshness } from './stored-answer.ts';

export type Use = 'fresh' | 'stale-while-revalidate' | 'stale';

/** Whether a stored answer may be served (RFC 9111 4.2, 4.2.4). `asked`: what the request says of it; null: that does not count. */
export function useOf(
  { bornAt, lifetimeMs, staleWhileRevalidateMs }: StoredFreshness,
  now: number,
  asked: Directives | null,
): Use {
  const ageMs = Math.max(0, now - bornAt);
  if (asked !== null && refuses(asked, ageMs, lifetimeMs)) return 'stale';
  if (ageMs < lifetimeMs) return 'fresh';
  return ageMs < lifetimeMs + staleWhileRevalidateMs ? 'stale-while-revalidate' : 'stale';
}

/** Whether it may be served where the backend has failed (RFC 5861 4). */
export function mayServeForError(
  { bornAt, lifetimeMs, staleIfErrorMs }: StoredFreshness,
  now: number,
): boolean {
  return staleIfErrorMs > 0 && Math.max(0, now - bornAt) < lifetimeMs + staleIfErrorMs;
}

function refuses({ noCache, maxAge, minFresh }: Directives, ageMs: number, lifetimeMs: number): boolean {
  return (
    noCache ||
    (maxAge !== null && ageMs > maxAge * 1000) ||
    (minFresh !== null && ageMs + minFresh * 1000 > lifetimeMs)
  );
}
