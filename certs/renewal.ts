import { createHash } from 'node:crypto';

/**
 * When to renew what, and when to try again. Pure: times are milliseconds since the epoch as the machine's clock has them now,
 * so whoever asks again after the clock was set gets the right answer. `random`: from 0 up to, not including, 1.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** When a certificate is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What the CA said of a certificate (RFC 9773 4.2), and the moment that was chosen. Kept beside the certificate. */
export interface KnownWindow {
  readonly start: Date;
  readonly end: Date;
  readonly explanationUrl: string | null;
  /** Chosen once for a window, so that a restart does not roll the dice again. */
  readonly renewAt: Date;
  /** The CA is asked again then: it may want a certificate to be renewed early. */
  readonly lookAt: Date;
}

/** When to renew, and why then. */
export interface RenewalTime {
  readonly at: number;
  readonly by: 'window' | 'life';
}

/** A number for `random` that is the same in every process and after each start. `seed`: a serial number. */
export function steadyRandom(seed: string): number {
  return createHash('sha256').update(seed).digest().readUInt32BE() / 2 ** 32;
}

/** By the CA's window where there is one that can be meant, else at two thirds of the life, give or take a fiftieth of it. */
export function renewalTime(
  validity: Validity,
  window: Pick<KnownWindow, 'start' | 'end' | 'renewAt'> | null,
  random: number,
): RenewalTime {
  const { start, life, end } = span(validity);
  if (window !== null && isSane(window, validity)) {
    // A window may reach to the very end; the last tenth of the life is for what goes wrong.
    return { at: Math.min(window.renewAt.getTime(), end - life / 10), by: 'window' };
  }
  return { at: start + life * (2 / 3 + (random - 0.5) / 25), by: 'life' };
}

/**
 * Takes in an answer of the CA. The moment within the window is chosen evenly (RFC 9773 4.2), and kept for as long as
 * the window stays.
 */
export function noteWindow(
  answer: {
    readonly start: Date;
    readonly end: Date;
    readonly explanationUrl: string | null;
    readonly retryAfterMs: number;
  },
  before: KnownWindow | null,
  now: number,
  random: number,
): KnownWindow {
  const { start, end, explanationUrl } = answer;
  const isSame = before?.start.getTime() === start.getTime() && before.end.getTime() === end.getTime();
  const chosen = new Date(start.getTime() + random * Math.max(0, end.getTime() - start.getTime()));
  return {
    start,
    end,
    explanationUrl,
    renewAt: isSame ? before.renewAt : chosen,
    // RFC 9773 4.3.1 asks for such limits. A little later each: those that were asked about together are not again.
    lookAt: new Date(now + clamp(answer.retryAfterMs, MINUTE_MS, DAY_MS) * (1 + random / 10)),
  };
}

/** For so long after a failure the CA is not asked again for a renewal window: twice as long each time, up to a day. */
export function windowRetryMs(failures: number, random: number): number {
  return clamp(growing(10 * MINUTE_MS, failures), MINUTE_MS, DAY_MS) * (1 + random / 4);
}

/**
 * For so long after a failed order there is no other one for it: twice as long each time, for at most six hours or an eighth
 * of what the certificate in place has left, whichever is less. Five failed orders an hour is what public CAs put up with.
 *
 * @param failures in a row, at least 1
 * @param retryAfterMs what the CA asked for; it gets at least that, up to a week
 * @param leftMs until the certificate in place expires; null: there is none
 */
export function retryMs(
  failures: number,
  retryAfterMs: number | null,
  leftMs: number | null,
  random: number,
): number {
  const first = 2 * MINUTE_MS;
  const most = clamp(leftMs === null ? Infinity : leftMs / 8, first, 6 * HOUR_MS);
  const ours = Math.min(growing(first, failures), most) * (1 + random / 4);
  return Math.max(ours, clamp(retryAfterMs ?? 0, 0, 7 * DAY_MS));
}

/**
 * For so long at most a process that starts anew keeps out of a failed order: who mends something and starts it again does not wait
 * for hours, and one that crashes at once stays within the five failures an hour. What the CA asked for it gets in any case.
 *
 * @param ms, retryAfterMs as `retryMs` gave and took them
 */
export function restartMs(ms: number, retryAfterMs: number | null): number {
  return Math.min(ms, Math.max(12 * MINUTE_MS, retryAfterMs ?? 0));
}

/**
 * How a certificate stands. `near`: a third of the time that a renewal had is all that is left, so something is wrong
 * and somebody should look. `early`: not valid yet, by this machine's clock.
 */
export type Standing = 'early' | 'fine' | 'near' | 'expired';

/** `renewAt`: when it is due; 0 for one that nobody renews, which has a third of its life to be replaced in. */
export function standing(validity: Validity, renewAt: number, now: number): Standing {
  const { start, life, end } = span(validity);
  if (now >= end) return 'expired';
  if (now < start) return 'early';
  // One that is to be renewed at the last moment, or was to be long ago, warns as if by its life.
  const had = renewAt > start && renewAt < end ? end - renewAt : life / 3;
  return end - now <= had / 3 ? 'near' : 'fine';
}

/**
 * How long a timer may run that waits for a time: at most an hour, because timers do not see that the clock is set
 * or that the machine slept, and hold no more than 24 days.
 */
export function sleepMs(until: number, now: number): number {
  return clamp(until - now, 0, HOUR_MS);
}

function span({ notBefore, notAfter }: Validity): { start: number; life: number; end: number } {
  const [start, end] = [notBefore.getTime(), notAfter.getTime()];
  return { start, life: Math.max(0, end - start), end };
}

/** Some answers mean nothing (RFC 9773 4.2: the end is after the start), or would let the certificate expire. */
function isSane({ start, end }: { readonly start: Date; readonly end: Date }, validity: Validity): boolean {
  return end > start && start < validity.notAfter;
}

function growing(first: number, failures: number): number {
  return first * 2 ** clamp(failures - 1, 0, 30);
}

/** What is no number is the least. */
function clamp(value: number, least: number, most: number): number {
  return value > least ? Math.min(value, most) : least;
}
