import type { PluginHeaders } from '../api.ts';
import { isSameBytes, isSameContent, readTags } from './entity-tags.ts';
import { readHttpDate } from './http-date.ts';

/** What tells one version of an answer from another; null: it has none. */
export interface Validators {
  readonly tag: string | null;
  /** In whole seconds, as Last-Modified says it. */
  readonly modifiedMs: number | null;
}

type Fields = Pick<PluginHeaders, 'get'>;

/** RFC 9110 13.2.2 for GET and HEAD. null: none stands against it. */
export function failedPrecondition(headers: Fields, { tag, modifiedMs }: Validators): 304 | 412 | null {
  const match = headers.get('if-match');
  if (match !== null) {
    if (!isSameBytes(readTags(match), tag ?? '')) return 412;
  } else {
    const since = dateIn(headers, 'if-unmodified-since');
    if (since !== null && modifiedMs !== null && modifiedMs > since) return 412;
  }
  const noneMatch = headers.get('if-none-match');
  if (noneMatch !== null) return isSameContent(readTags(noneMatch), tag ?? '') ? 304 : null;
  const since = dateIn(headers, 'if-modified-since');
  return since !== null && modifiedMs !== null && modifiedMs <= since ? 304 : null;
}

export interface ByteRange {
  readonly start: number;
  /** Its last byte is that before. */
  readonly end: number;
}

/**
 * RFC 9110 14.2, 13.1.5. null: the whole. That is what several ranges get, too: many small or overlapping ones cost more than
 * the file (CVE-2011-3192), and who needs them asks for one after the other.
 */
export function rangeOf(
  headers: Fields,
  bytes: number,
  { tag, modifiedMs }: Validators,
): ByteRange | 'unsatisfiable' | null {
  const found = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(headers.get('range') ?? '');
  const [, first = '', last = ''] = found ?? [];
  if (found === null || (first === '' && last === '')) return null;
  const condition = headers.get('if-range');
  // A weak tag does not tell whether the bytes are the same.
  const isSame = condition === null || (condition === tag && !tag.startsWith('W/'));
  if (!isSame && (modifiedMs === null || readHttpDate(condition) !== modifiedMs)) return null;
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? 'unsatisfiable' : { start: bytes - length, end: bytes };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return null;
  if (start >= bytes) return 'unsatisfiable';
  return { start, end: last === '' ? bytes : Math.min(Number(last) + 1, bytes) };
}

function dateIn(headers: Fields, name: string): number | null {
  const field = headers.get(name);
  return field === null ? null : readHttpDate(field);
}
