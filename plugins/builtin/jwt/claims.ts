export type Claims = Readonly<Record<string, unknown>>;
export type Scalar = string | number | boolean;

/** A claim says more than is passed on: its token is not taken, rather than with half of it. */
export class ClaimTooLong extends Error {}

/** A claim by its name, which may hold dots, else by its way through objects: `realm_access.roles`. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/**
 * A claim as a field's value: one that no claim can break out of, and that says one thing only. Text is percent-encoded where it is not
 * printable ASCII, and `%` itself always; of a list each entry is, its commas too; what holds objects is JSON. null: there is nothing to say.
 */
export function fieldText(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (isScalar(value)) return encoded(String(value), /[^\x20-\x7e]|%/gu);
  if (!Array.isArray(value) || !value.every(isScalar)) return asciiJson(value);
  return value.length === 0
    ? null
    : value.map((each) => encoded(String(each), /[^\x21-\x7e]|[%,]/gu)).join(',');
}

function encoded(text: string, what: RegExp): string {
  // A space at either end is no part of a field's value (RFC 9110 5.5).
  const also = text.startsWith(' ') || text.endsWith(' ') ? /[^\x21-\x7e]|%/gu : what;
  return text.toWellFormed().replaceAll(also, encodeURIComponent);
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A claim as a rule script reads it: lists and objects as JSON, in which an entry cannot pass for two. */
export function variableOf(value: unknown): Scalar | null {
  if (value === undefined || value === null) return null;
  return isScalar(value) ? value : JSON.stringify(value);
}

export interface Requirements {
  readonly scope: readonly string[];
  readonly claims: Readonly<Record<string, Scalar | readonly Scalar[]>>;
}

/** Whether a token has all of the scope, and each claim one of its values (of a list, an entry). */
export function fulfils(claims: Claims, { scope, claims: wanted }: Requirements): boolean {
  const given = scopeOf(claims);
  return (
    scope.every((each) => given.includes(each)) &&
    Object.entries(wanted).every(([name, values]) => {
      const found = claimAt(claims, name);
      const all: readonly unknown[] = Array.isArray(found) ? found : [found];
      const allowed: readonly unknown[] = Array.isArray(values) ? values : [values];
      return all.some((each) => allowed.includes(each));
    })
  );
}

/** `scope` (RFC 8693 4.2), or `scp` as others call it: words with spaces between them, or a list. */
function scopeOf(claims: Claims): readonly unknown[] {
  const value = Object.hasOwn(claims, 'scope') ? claims['scope'] : claims['scp'];
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value : [];
}
