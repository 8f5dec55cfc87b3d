import type { PluginHeaders } from '../../api.ts';
import { FieldCopy } from './field-copy.ts';
import type { StoredField } from './stored-answer.ts';

/** Of the connection or of one message alone (RFC 9111 3.1), and Age, which is counted anew. */
const NEVER_KEPT =
  /^(?:age|connection|content-length|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;
/** What of a 304 says nothing of the answer that is stored (RFC 9111 3.2, RFC 9110 15.4.5), or what its variant stands for. */
const NOT_FROM_304 = /^(?:content-(?:encoding|type|range|length)|vary)$/i;

export interface KeepingRules {
  readonly setCookie: 'refuse' | 'remove';
  /** The field that names tags, if it is not for clients. */
  readonly hidden: string | null;
}

/** The fields of an answer that are stored. */
export function keptFields(
  fields: Iterable<StoredField>,
  { setCookie, hidden }: KeepingRules,
  receivedAt: number,
): readonly StoredField[] {
  const copy = new FieldCopy(fields);
  const nominated = (copy.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase());
  const kept = copy.fields.filter(([name]) => {
    const lower = name.toLowerCase();
    if (NEVER_KEPT.test(lower) || nominated.includes(lower) || lower === hidden) return false;
    return lower !== 'set-cookie' || setCookie !== 'remove';
  });
  return copy.has('date') ? kept : [...kept, ['Date', new Date(receivedAt).toUTCString()]];
}

/** RFC 9111 3.2: what a 304 says takes the place of what is stored. */
export function withFieldsOf304(
  stored: readonly StoredField[],
  of304: Iterable<StoredField>,
): readonly StoredField[] {
  const newer = [...of304].filter(([name]) => !NOT_FROM_304.test(name));
  // Without a date of its own it is of now (RFC 9110 6.6.1), and not of then.
  const names = new Set(['date', ...newer.map(([name]) => name.toLowerCase())]);
  return [...stored.filter(([name]) => !names.has(name.toLowerCase())), ...newer];
}

/** What tells of the body may be changed when the head has been read: by what packs it. */
const OF_BODY = ['content-encoding', 'etag', 'accept-ranges', 'vary'] as const;

/** The fields as they were, but for those of the body, which are as they are now. */
export function withBodyFields(
  before: readonly StoredField[],
  now: Pick<PluginHeaders, 'getAll'>,
): readonly StoredField[] {
  const others = before.filter(([name]) => !OF_BODY.some((each) => each === name.toLowerCase()));
  return [...others, ...OF_BODY.flatMap((name) => now.getAll(name).map((value) => [name, value] as const))];
}

/** Separated by commas or spaces, as Cache-Tag and Surrogate-Key are; so many of such a length at most. */
export function tagsOf(field: string | null): readonly string[] {
  if (field === null) return [];
  const tags = field.split(/[\s,]+/).filter((tag) => tag !== '' && tag.length <= LONGEST_TAG);
  return [...new Set(tags)].slice(0, MOST_TAGS);
}

const MOST_TAGS = 256;
const LONGEST_TAG = 1024;
