import { HeaderKind, HeaderList } from '../exchange/headers.ts';
import { CHUNKED_BODY, NO_BODY, type BodyFraming, type ResponseHead } from '../exchange/streams.ts';
import { excerpt, FIELD_VALUE, hex, TOKEN } from '../http1/characters.ts';
import { withoutForbiddenFields } from '../http1/trailers.ts';
import { ErrorCode, streamError, type Http2Error } from './errors.ts';
import type { HeaderBlock } from './header-block.ts';

/**
 * Reads the head of an answer (RFC 9113 8.3.2). Strict: what would read differently once it is written as HTTP/1.1 is refused.
 * @param method of the request: decides whether the answer has a body
 * @param isEnd nothing follows the head
 * @throws Http2Error of the stream
 */
export function readResponseHead(block: HeaderBlock, method: string, isEnd: boolean): ResponseHead {
  const { names, values } = block;
  if (block.isTooLarge) throw malformed('the head of the answer is larger than allowed');
  const status = values[0] ?? '';
  if (names[0] !== ':status') throw malformed('the head of the answer does not begin with :status');
  // RFC 9113 8.6: there is no switching of protocols.
  if (!/^[1-5][0-9][0-9]$/.test(status) || status === '101') throw malformed(`:status is ${excerpt(status)}`);
  const headers = readFields(block, 1);
  const framing = framingOf(headers, method, Number(status), isEnd);
  return { status: Number(status), reason: '', headers, framing, nominated: null };
}

/** Reads trailers, without the fields that have no place there. @throws Http2Error of the stream */
export function readTrailers(block: HeaderBlock): HeaderList {
  if (block.isTooLarge) throw malformed('the trailers are larger than allowed');
  return withoutForbiddenFields(readFields(block, 0));
}

function readFields({ names, values }: HeaderBlock, from: number): HeaderList {
  const headers = new HeaderList();
  for (let i = from; i < names.length; i++) {
    const name = names[i] ?? '';
    const value = values[i] ?? '';
    checkName(name);
    checkValue(name, value);
    headers.append(name, value);
    // RFC 9113 8.2.2
    const kind = headers.kinds[headers.length - 1];
    if (
      kind === HeaderKind.Connection ||
      kind === HeaderKind.TransferEncoding ||
      kind === HeaderKind.Upgrade ||
      name === 'keep-alive' ||
      name === 'proxy-connection'
    )
      throw malformed(`${name} in HTTP/2`);
  }
  return headers;
}

/** RFC 9113 8.2.1; a colon at the beginning is a pseudo-header field out of place (8.3). */
function checkName(name: string): void {
  if (name === '') throw malformed('a field has no name');
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (TOKEN[code] !== 1 || (code >= 0x41 && code <= 0x5a))
      throw malformed(`the name ${excerpt(name)} holds ${hex(code)}`);
  }
}

function checkValue(name: string, value: string): void {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (FIELD_VALUE[code] !== 1) throw malformed(`the value of ${name.slice(0, 80)} holds ${hex(code)}`);
  }
  if (isSpace(value.charCodeAt(0)) || isSpace(value.charCodeAt(value.length - 1)))
    throw malformed(`the value of ${name.slice(0, 80)} begins or ends with white space`);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The end of the stream is the end of the body; a length must agree with it (RFC 9113 8.1.1). */
function framingOf(headers: HeaderList, method: string, status: number, isEnd: boolean): BodyFraming {
  const length = headers.get('content-length');
  // A list of lengths is none either: 15 digits are what a double holds exactly.
  if (length !== null && !/^[0-9]{1,15}$/.test(length))
    throw malformed(`content-length ${excerpt(length)} is not a number of bytes`);
  if (status < 200 && isEnd) throw malformed(`the stream ends with a ${status}`);
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY;
  if (length === null) return CHUNKED_BODY;
  const bytes = Number(length);
  if (isEnd && bytes > 0) throw malformed(`content-length is ${bytes}, and nothing follows`);
  return { kind: 'length', bytes };
}

function malformed(message: string): Http2Error {
  return streamError(ErrorCode.ProtocolError, message);
}
