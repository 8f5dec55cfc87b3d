import type { PluginAnsweredExchange, PluginHeaders } from '../../api.ts';
import { chooseCoding, readAcceptEncoding, type CodingName } from '../accept-encoding.ts';
import { mediaTypeOf, type MediaTypes } from '../media-types.ts';

/** What tells of an answer's bytes, and would not hold any more (RFC 9530, RFC 1864, RFC 3230). */
const DIGESTS = ['content-digest', 'repr-digest', 'digest', 'content-md5'];
/** A part of something, or nothing. */
const PARTIAL = new Set([204, 205, 206, 304]);

export interface Choosing {
  readonly codings: readonly CodingName[];
  readonly types: MediaTypes;
  readonly minSize: number;
}

export interface Choice {
  /** Another client would, or might, get other bytes. */
  readonly varies: boolean;
  /** null: it stays as it is. */
  readonly coding: CodingName | null;
}

const AS_IT_IS: Choice = { varies: false, coding: null };

/** How an answer with a body is to be packed, or one to HEAD would be. */
export function chooseFor(
  { request, response }: PluginAnsweredExchange,
  { codings, types, minSize }: Choosing,
): Choice {
  const { headers } = response;
  if (PARTIAL.has(response.status) || headers.has('content-range') || isCoded(headers)) return AS_IT_IS;
  if (DIGESTS.some((name) => headers.has(name))) return AS_IT_IS;
  // RFC 9111 5.2.1.6, 5.2.2.6
  if (isNotToTransform(headers) || isNotToTransform(request.headers)) return AS_IT_IS;
  const type = mediaTypeOf(headers.get('content-type'));
  const varies = type !== null && types.has(type) && !isShorterThan(minSize, headers);
  const acceptance = readAcceptEncoding(request.headers.get('accept-encoding'));
  // Who refuses content as it is gets it packed whatever it is (RFC 9110 12.5.3).
  if (!varies && acceptance.identity !== 0) return AS_IT_IS;
  const coding = chooseCoding(acceptance, codings);
  return { varies: varies || coding !== null, coding };
}

export function isEventStream(headers: PluginHeaders): boolean {
  return mediaTypeOf(headers.get('content-type')) === 'text/event-stream';
}

function isCoded(headers: PluginHeaders): boolean {
  return (
    headers.has('content-encoding') && !/^[\s,]*identity[\s,]*$/i.test(headers.get('content-encoding') ?? '')
  );
}

function isNotToTransform(headers: PluginHeaders): boolean {
  const field = headers.get('cache-control');
  return field?.split(',').some((directive) => directive.trim().toLowerCase() === 'no-transform') === true;
}

/** What has no known length may be long. */
function isShorterThan(bytes: number, headers: PluginHeaders): boolean {
  const length = headers.get('content-length');
  return length !== null && Number(length) < bytes;
}
