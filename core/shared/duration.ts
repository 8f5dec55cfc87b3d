const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export type Duration = `${number}${keyof typeof UNITS_MS}`;

/** As a regular expression, for the JSON schema of the config. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Node's timers fire at once when asked for more. */
export const LONGEST_DURATION_MS = 2 ** 31 - 1;

/** Milliseconds of `'5s'`, `'300ms'`, `'1.5m'`, `'1h'` or `'1d'`; undefined for anything else, and for what is no whole number of milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text);
  if (match === null) return undefined;
  const unit = match[2];
  if (unit !== 'ms' && unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd') return undefined;
  // 1.1 * 60000 is 66000.00000000001
  const ms = Number((Number(match[1]) * UNITS_MS[unit]).toPrecision(15));
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The shortest text that `parseDuration` reads as this whole number of milliseconds: `'1m'`, `'90s'`, `'1500ms'`. */
export function formatDuration(ms: number): Duration {
  if (ms > 0 && ms % UNITS_MS.d === 0) return `${ms / UNITS_MS.d}d`;
  if (ms > 0 && ms % UNITS_MS.h === 0) return `${ms / UNITS_MS.h}h`;
  if (ms > 0 && ms % UNITS_MS.m === 0) return `${ms / UNITS_MS.m}m`;
  if (ms % UNITS_MS.s === 0) return `${ms / UNITS_MS.s}s`;
  return `${ms}ms`;
}
