/** What Cache-Control says (RFC 9111 5.2), of an answer or a request. Times are in seconds; null: it does not say. */
export interface Directives {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly isPrivate: boolean;
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: number | null;
  readonly sharedMaxAge: number | null;
  readonly minFresh: number | null;
  readonly staleWhileRevalidate: number | null;
  readonly staleIfError: number | null;
}

/** No honest one is nearly as long, and reading one takes longer with each directive. */
export const LONGEST_DIRECTIVES = 4096;
/** RFC 9111 1.2.2: what is more counts as this much. */
const LONGEST_SECONDS = 2 ** 31;
const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^,; \t]*)))?/g;

/**
 * Reads one or more joined fields. `private="x"` and `no-cache="x"`, which are meant for single fields, are taken for the
 * whole answer, as RFC 9111 5.2.2.4 and 5.2.2.7 allow. Where a time is said twice the shorter one counts, and one that can
 * not be read is 0: 4.2.1 there asks for the careful reading. One that is too long is not read, and not kept by.
 */
export function readDirectives(field: string | null): Directives {
  if (field === null) return NONE;
  if (field.length > LONGEST_DIRECTIVES) return { ...NONE, noStore: true };
  const flags = new Set<string>();
  const seconds = new Map<string, number>();
  for (const [, name = '', quoted, plain] of field.matchAll(DIRECTIVE)) {
    const lower = name.toLowerCase();
    flags.add(lower);
    const read = readSeconds(quoted ?? plain ?? '');
    seconds.set(lower, Math.min(read, seconds.get(lower) ?? read));
  }
  const time = (name: string): number | null => seconds.get(name) ?? null;
  return {
    noStore: flags.has('no-store'),
    noCache: flags.has('no-cache'),
    isPrivate: flags.has('private'),
    isPublic: flags.has('public'),
    mustRevalidate: flags.has('must-revalidate'),
    proxyRevalidate: flags.has('proxy-revalidate'),
    mustUnderstand: flags.has('must-understand'),
    onlyIfCached: flags.has('only-if-cached'),
    maxAge: time('max-age'),
    sharedMaxAge: time('s-maxage'),
    minFresh: time('min-fresh'),
    staleWhileRevalidate: time('stale-while-revalidate'),
    staleIfError: time('stale-if-error'),
  };
}

export function readSeconds(text: string): number {
  return /^\d+$/.test(text) ? Math.min(Number(text), LONGEST_SECONDS) : 0;
}

const NONE: Directives = {
  noStore: false,
  noCache: false,
  isPrivate: false,
  isPublic: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  onlyIfCached: false,
  maxAge: null,
  sharedMaxAge: null,
  minFresh: null,
  staleWhileRevalidate: null,
  staleIfError: null,
};
