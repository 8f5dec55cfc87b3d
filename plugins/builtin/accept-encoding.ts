/** A content coding as file names and options say it (RFC 9110 8.4.1, RFC 7932, RFC 8878). */
export const CODING_NAMES = ['zstd', 'br', 'gzip'] as const;
export type CodingName = (typeof CODING_NAMES)[number];

/** What an Accept-Encoding field says of each coding. */
export interface Acceptance {
  /** From 0, not acceptable, to 1. */
  qualityOf(coding: CodingName): number;
  /** Of content as it is; null: nothing is said of it, and it is acceptable. */
  readonly identity: number | null;
}

/** RFC 9110 12.4.2 */
const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/** RFC 9110 12.5.3. null: there is no such field. Then any coding would be right, but who sends none mostly knows none. */
export function readAcceptEncoding(field: string | null): Acceptance {
  const said = new Map<string, number>();
  for (const part of (field ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim());
    const quality = qualityIn(parameters);
    if (name === '' || quality === null) continue;
    const coding = name === 'x-gzip' ? 'gzip' : name;
    if (!said.has(coding)) said.set(coding, quality);
  }
  return {
    qualityOf: (coding) => said.get(coding) ?? said.get('*') ?? 0,
    identity: said.get('identity') ?? said.get('*') ?? null,
  };
}

/** null: it is none that can be read, and what it belongs to is better left alone. */
function qualityIn(parameters: readonly string[]): number | null {
  const [first, ...more] = parameters;
  if (first === undefined) return 1;
  const digits = more.length === 0 ? QUALITY.exec(first)?.[1] : undefined;
  return digits === undefined ? null : Number(digits);
}

/**
 * The coding that is wanted most; among equals the first of `available`.
 * @returns null: content as it is
 */
export function chooseCoding(acceptance: Acceptance, available: readonly CodingName[]): CodingName | null {
  let chosen: CodingName | null = null;
  let best = 0;
  for (const coding of available) {
    const quality = acceptance.qualityOf(coding);
    if (quality <= best) continue;
    chosen = coding;
    best = quality;
  }
  return acceptance.identity !== null && acceptance.identity > best ? null : chosen;
}
