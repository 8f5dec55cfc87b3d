import type { StoredEntry } from './certificate-store.ts';
import { renewalTime, sleepMs, steadyRandom, type KnownWindow, type Validity } from './renewal.ts';

/** When a certificate that is kept valid is ordered, and how long nothing is to do for it. Pure, with times as in renewal.ts. */

/** Between two orders that succeed; less for those that live for hours. */
const LEAST_PAUSE_MS = 60 * 60_000;

/** No look at the storage for longer than that: another process may have renewed it. */
const LOOK_EVERY_MS = 10 * 60_000;
/** Nor, while ours fail, for longer than that: somebody else's order may not. */
export const LOOK_WHILE_FAILING_MS = 30_000;

/** When the next order is due for these names. `entry` null: there is none yet, so it is now. */
export function dueAt(
  entry: StoredEntry | null,
  names: readonly string[],
  window: KnownWindow | null,
  now: number,
): number {
  if (entry === null || !coversAll(entry, names)) return 0;
  const { certificate, notes } = entry;
  const { at } = renewalTime(certificate, window, steadyRandom(certificate.serial));
  const obtainedAt = notes.obtainedAt.getTime();
  // A CA that wants each new one to be renewed at once would have one order follow the other without end. What it, or a
  // revocation, has made due since is due.
  const isDueFromStart = at < obtainedAt && obtainedAt <= now;
  return isDueFromStart ? obtainedAt + leastPauseMs(certificate) : at;
}

/** Whatever a CA sends, one order does not follow the other sooner than this. */
export function leastPauseMs({ notBefore, notAfter }: Validity): number {
  return Math.min(LEAST_PAUSE_MS, (notAfter.getTime() - notBefore.getTime()) / 10);
}

/** How long to rest until there may be something to do. `isUneasy`: orders fail, or a certificate waits for its staple. */
export function restMs(
  next: { readonly orderAt: number; readonly askAt: number; readonly isUneasy: boolean },
  now: number,
): number {
  const most = next.isUneasy ? LOOK_WHILE_FAILING_MS : LOOK_EVERY_MS;
  return Math.min(sleepMs(Math.min(next.orderAt, next.askAt), now), most);
}

function coversAll({ certificate }: StoredEntry, names: readonly string[]): boolean {
  const there = new Set(certificate.names);
  return names.every((name) => there.has(name));
}
