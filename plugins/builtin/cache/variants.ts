import type { FieldReader } from './field-copy.ts';

/** More than an honest backend names. */
const MOST_NAMES = 16;

/** Fields that Tidegate itself writes for the backend, and differently for each client: what they hold is not to be seen in a request. */
const UNSEEN = new Set([
  'x-forwarded-for',
  'forwarded',
  'via',
  'x-request-id',
  'x-client-cert-subject',
  'x-client-cert-fingerprint',
]);

/** What Vary names, in lower case, sorted, each once; null: `*`, or what is no list of names, with which no request ever fits (RFC 9111 4.1). */
export function varyOf(field: string | null): readonly string[] | null {
  if (field === null) return [];
  const names = field
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const unique = [...new Set(names)].sort();
  if (unique.length > MOST_NAMES) return null;
  const fits = unique.every((name) => /^[!#$%&'+\-.^_`|~0-9a-z]+$/.test(name) && !UNSEEN.has(name));
  return fits ? unique : null;
}

/** Which of a key's answers a request asks for: no two that differ in a field of `vary` give the same text. */
export function variantOf(vary: readonly string[], headers: FieldReader): string {
  if (vary.length === 0) return '';
  return JSON.stringify(vary.map((name) => [name, valueOf(name, headers)]));
}

function valueOf(name: string, headers: FieldReader): string | readonly string[] | null {
  // As HTTP/2 may split it (RFC 9113 8.2.3).
  if (name === 'cookie') return headers.has(name) ? headers.getAll(name).join('; ') : null;
  const values = headers.getAll(name);
  // One line may say what several say (RFC 9110 5.3), but not every backend reads all of them.
  if (values.length > 1) return values;
  const [value = null] = values;
  // Clients write the same list in many ways; its order means nothing (RFC 9110 12.5.3).
  return value !== null && name === 'accept-encoding' ? sortedList(value) : value;
}

function sortedList(field: string): string {
  return field
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().replaceAll(/[ \t]*;[ \t]*/g, ';'))
    .filter((part) => part !== '')
    .sort()
    .join(',');
}

/** Whether the request says whose it is: then its answer may be kept, or not, for other reasons than those to nobody in particular. */
export function isKnown(headers: Pick<FieldReader, 'has'>): boolean {
  return headers.has('authorization') || headers.has('cookie');
}
