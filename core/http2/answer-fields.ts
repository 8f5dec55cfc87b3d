import { HeaderList } from '../exchange/headers.ts';
import { CHUNKED_BODY, NO_BODY, type BodyFraming, type ResponseHead } from '../exchange/streams.ts';
import { excerpt } from '../http1/characters.ts';
import { ErrorCode, streamError, type Http2Error } from './errors.ts';
import { checkField, parseLength } from './fields.ts';
import type { HeaderBlock } from './header-block.ts';

/**
 * Reads the head of a backend's answer (RFC 9113 8.3.2). Strict: what would read differently once it is written as HTTP/1.1 is refused.
 * @param method of the request: decides whether the answer has a body
 * @param isEnd nothing follows the head
 * @throws Http2Error of the stream
 */
export function readAnswerHead(block: HeaderBlock, method: string, isEnd: boolean): ResponseHead {
  const { names, values } = block;
  if (block.isTooLarge) throw malformed('the head of the answer is larger than allowed');
  const status = values[0] ?? '';
  if (names[0] !== ':status') throw malformed('the head of the answer does not begin with :status');
  // RFC 9113 8.6: there is no switching of protocols.
  if (!/^[1-5][0-9][0-9]$/.test(status) || status === '101') throw malformed(`:status is ${excerpt(status)}`);
  const headers = new HeaderList();
  for (let i = 1; i < names.length; i++) {
    const name = names[i] ?? '';
    const value = values[i] ?? '';
    checkField(name, value);
    headers.append(name, value);
  }
  const framing = framingOf(headers, method, Number(status), isEnd);
  return { status: Number(status), reason: '', headers, framing, nominated: null };
}

/** The end of the stream is the end of the body; a length must agree with it (RFC 9113 8.1.1). */
function framingOf(headers: HeaderList, method: string, status: number, isEnd: boolean): BodyFraming {
  const field = headers.get('content-length');
  // More than one are a list, which is no length.
  const bytes = field === null ? null : parseLength(field);
  if (status < 200 && isEnd) throw malformed(`the stream ends with a ${status}`);
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY;
  if (bytes === null) return CHUNKED_BODY;
  if (isEnd && bytes > 0) throw malformed(`content-length is ${bytes}, and nothing follows`);
  return { kind: 'length', bytes };
}

function malformed(message: string): Http2Error {
  return streamError(ErrorCode.ProtocolError, message);
}
