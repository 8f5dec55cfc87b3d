import type { HeaderList } from '../../../core/exchange/headers.ts';
import { BodyReader } from '../../../core/http1/body-reader.ts';
import { findHeadEnd } from '../../../core/http1/head-reader.ts';
import { MalformedError } from '../../../core/http1/parse-fields.ts';
import { parseRequestHead, type ParsedRequest, type RequestLimits } from '../../../core/http1/parse-head.ts';
import { ProxyError } from '../../../core/shared/errors.ts';
import type { RequestReading } from '../../support/node-http-parser.ts';

export const LIMITS: RequestLimits = { headers: 100, targetBytes: 8192 };

/** Parses a head written as its lines; the Host comes by itself unless the lines are to say it. */
export function parse(lines: readonly string[], limits: RequestLimits = LIMITS): ParsedRequest {
  return parseRequestHead(lines.join('\r\n'), limits);
}

/** A request with these header lines behind `Host: a`. */
export function parseFields(...fields: readonly string[]): ParsedRequest {
  return parse(['POST / HTTP/1.1', 'Host: a', ...fields]);
}

/** How a head is refused: `code: message`. */
export function refusal(lines: readonly string[], limits: RequestLimits = LIMITS): string {
  return refusalOf(() => parse(lines, limits));
}

export function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ProxyError) return `${error.source} ${error.code}: ${error.message}`;
    if (error instanceof MalformedError) return `malformed: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

export function fieldsOf(headers: HeaderList | null): [string, string][] {
  return headers === null ? [] : headers.names.map((name, i) => [name, headers.values[i] ?? '']);
}

/** The first request in `bytes` as the engine's parsers read it; shaped like what `readWithNode` returns. */
export function readWithTidegate(bytes: Buffer): RequestReading {
  const end = findHeadEnd(bytes, 0);
  if (end === -1) return { kind: 'waiting' };
  let request: ParsedRequest;
  try {
    request = parseRequestHead(bytes.toString('latin1', 0, end), LIMITS);
  } catch (error) {
    if (error instanceof ProxyError) return { kind: 'refused', reason: error.message };
    throw error;
  }
  const { method, target, version, headers, framing } = request.head;
  const body = readBody(framing, bytes.subarray(end + 4));
  return { kind: 'accepted', method, target, version: version.slice(5), fields: fieldsOf(headers), ...body };
}

function readBody(
  framing: ParsedRequest['head']['framing'],
  bytes: Buffer,
): { body: string; whole: boolean; trailers: [string, string][] } {
  if (framing.kind === 'none') return { body: '', whole: true, trailers: [] };
  const pieces: Buffer[] = [];
  const reader = new BodyReader(framing, {
    onBodyData: (piece) => void pieces.push(piece),
    onBodyPause() {},
    onBodyEnd() {},
    onBodyError() {},
  });
  let whole = false;
  try {
    whole = reader.read(bytes) !== -1;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
  return { body: Buffer.concat(pieces).toString('latin1'), whole, trailers: fieldsOf(reader.trailers) };
}
