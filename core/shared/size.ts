const UNITS_BYTES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

export type Size = `${number}${keyof typeof UNITS_BYTES}`;

/** As a regular expression, for the JSON schema of the config. */
export const SIZE_PATTERN = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/;

/** Bytes of `'512B'`, `'64KiB'`, `'1.5MiB'` or `'1GiB'`; undefined for anything else, and for what is no whole number of bytes. */
export function parseSize(text: string): number | undefined {
  const match = SIZE_PATTERN.exec(text);
  if (match === null) return undefined;
  const unit = match[2];
  if (unit !== 'B' && unit !== 'KiB' && unit !== 'MiB' && unit !== 'GiB') return undefined;
  const bytes = Number(match[1]) * UNITS_BYTES[unit];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that `parseSize` reads as this whole number of bytes: `'64KiB'`, `'1500B'`. */
export function formatSize(bytes: number): Size {
  if (bytes > 0 && bytes % UNITS_BYTES.GiB === 0) return `${bytes / UNITS_BYTES.GiB}GiB`;
  if (bytes > 0 && bytes % UNITS_BYTES.MiB === 0) return `${bytes / UNITS_BYTES.MiB}MiB`;
  if (bytes > 0 && bytes % UNITS_BYTES.KiB === 0) return `${bytes / UNITS_BYTES.KiB}KiB`;
  return `${bytes}B`;
}
