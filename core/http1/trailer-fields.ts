import { HeaderKind, headerKind } from '../exchange/headers.ts';

const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'expires',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'trailer',
  'vary',
  'www-authenticate',
]);

/** Whether a field of this name, in lower case, may be taken from trailers: not if it frames, routes or authenticates (RFC 9110 6.5.1). */
export function mayTrail(lower: string): boolean {
  return headerKind(lower) === HeaderKind.EndToEnd && !FORBIDDEN_TRAILERS.has(lower);
}
