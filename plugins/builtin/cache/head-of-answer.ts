import { randomUUID } from 'node:crypto';
import type { CacheParts } from './cache-parts.ts';
import type { FieldReader } from './field-copy.ts';
import { FieldCopy } from './field-copy.ts';
import { originOf, type SentRequest } from './origin.ts';
import type { StoredField, StoredFreshness, StoredHead, StoredOrigin } from './stored-answer.ts';
import { keptFields, tagsOf } from './stored-fields.ts';
import { variantOf } from './variants.ts';

/** An answer of which it is decided that it is kept. */
export interface AnswerToKeep {
  readonly key: string;
  readonly received: FieldReader;
  readonly status: number;
  readonly fields: readonly StoredField[];
  readonly freshness: StoredFreshness;
  readonly vary: readonly string[];
  readonly receivedAt: number;
  /** null: no background request may ask for it. */
  readonly origin: StoredOrigin | null;
  /** -1: not known. */
  readonly length: number;
}

export function headOf(answer: AnswerToKeep, { options, keeping }: CacheParts): StoredHead {
  const { key, received, status, freshness, vary, origin, length } = answer;
  const copy = new FieldCopy(answer.fields);
  return {
    key,
    variant: variantOf(vary, received),
    vary,
    id: randomUUID(),
    status,
    fields: keptFields(answer.fields, keeping, answer.receivedAt),
    length,
    tags: tagsOf(copy.get(options.tags.header)),
    freshness,
    origin,
  };
}

/** Names of the request's fields that the answer hangs on. */
export function originFor(
  request: SentRequest,
  vary: readonly string[],
  { options: { key } }: CacheParts,
): StoredOrigin | null {
  return originOf(request, [...vary, ...key.headers, ...(key.cookies.length > 0 ? ['cookie'] : [])]);
}
