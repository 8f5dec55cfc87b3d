import { isSameContent, readTags } from '../entity-tags.ts';
import type { CacheParts } from './cache-parts.ts';
import { FieldCopy, type FieldReader } from './field-copy.ts';
import { decideStoring } from './storing.ts';
import type { StoredField, StoredHead, StoredOrigin } from './stored-answer.ts';
import { keptFields, tagsOf, withFieldsOf304 } from './stored-fields.ts';

/** The fields that ask whether a stored answer is still the one (RFC 9111 4.3.1). */
export function conditionsFor({ fields }: StoredHead): Record<string, string> {
  const copy = new FieldCopy(fields);
  const tag = copy.get('etag');
  const modified = copy.get('last-modified');
  return {
    ...(tag === null ? {} : { 'If-None-Match': tag }),
    ...(modified === null ? {} : { 'If-Modified-Since': modified }),
  };
}

export interface Unchanged {
  readonly stored: StoredHead;
  readonly request: FieldReader;
  /** Of the 304. */
  readonly fields: Iterable<StoredField>;
  readonly requestedAt: number;
  readonly receivedAt: number;
  readonly origin: StoredOrigin | null;
}

/** What a stored answer becomes by a 304 (RFC 9111 4.3.4); null: it is not to be kept any longer. */
export function freshened(unchanged: Unchanged, { options, keeping }: CacheParts): StoredHead | null {
  const { stored, request, requestedAt, receivedAt, origin } = unchanged;
  const of304 = new FieldCopy(unchanged.fields);
  // RFC 9111 4.3.4: it is of another body than this one.
  const tag = of304.get('etag');
  const storedTag = new FieldCopy(stored.fields).get('etag');
  if (tag !== null && storedTag !== null && !isSameContent(readTags(tag), storedTag)) return null;
  const fields = withFieldsOf304(stored.fields, of304.fields);
  const { status } = stored;
  const headers = new FieldCopy(fields);
  const storing = decideStoring({ request, status, headers, requestedAt, receivedAt }, options);
  if (storing.kind === 'refuse') return null;
  const tagField = of304.get(options.tags.header);
  return {
    ...stored,
    fields: keptFields(fields, keeping, receivedAt),
    tags: tagField === null ? stored.tags : tagsOf(tagField),
    freshness: storing.freshness,
    origin: origin ?? stored.origin,
  };
}
