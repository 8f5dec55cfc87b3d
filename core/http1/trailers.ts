import { HeaderKind, type HeaderList } from '../exchange/headers.ts';

/** RFC 9110 6.5.1: fields that frame, route or authenticate must not be taken from a trailer. @returns `trailers` itself */
export function withoutForbiddenFields(trailers: HeaderList): HeaderList {
  for (let i = trailers.length - 1; i >= 0; i--) {
    const lower = trailers.lowerNames[i] ?? '';
    if (trailers.kinds[i] !== HeaderKind.EndToEnd || FORBIDDEN.has(lower)) trailers.delete(lower);
  }
  return trailers;
}

const FORBIDDEN: ReadonlySet<string> = new Set([
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
