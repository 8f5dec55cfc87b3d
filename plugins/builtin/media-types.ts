import { readText } from './fields.ts';

/** RFC 9110 8.3.1, with `*` for a subtype, its end, or all. */
const PATTERN = /^(?:\*|[\w!#$&^.+-]+)\/(?:\*|\*?[\w!#$&^.+-]+)$/;

/** `text/html`, `text/*` or `application/*+json`; in lower case. */
export function mediaTypePattern() {
  return readText('a media type like "text/html", "text/*" or "application/*+json"', (given) =>
    PATTERN.test(given) ? given.toLowerCase() : undefined,
  );
}

/** The type that a Content-Type field names, without parameters, in lower case; null: none. */
export function mediaTypeOf(field: string | null): string | null {
  const type = (field ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type.includes('/') ? type : null;
}

/** Looks types up in patterns. */
export class MediaTypes {
  readonly #exact = new Set<string>();
  readonly #wild: (readonly [start: string, end: string])[] = [];

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      const [start = '', end] = pattern === '*/*' ? ['', ''] : pattern.split('*');
      if (end === undefined) this.#exact.add(pattern);
      else this.#wild.push([start, end]);
    }
  }

  has(type: string): boolean {
    return (
      this.#exact.has(type) ||
      this.#wild.some(
        ([start, end]) =>
          type.length > start.length + end.length && type.startsWith(start) && type.endsWith(end),
      )
    );
  }
}
