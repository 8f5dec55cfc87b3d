import { CHUNKED_BODY, NO_BODY, UNTIL_CLOSE_BODY, type BodyFraming } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';
import { excerpt, listElements } from './characters.ts';
import { MalformedError } from './parse-fields.ts';

/**
 * How a request's body is framed (RFC 9112 6.3). The places where smuggling begins are all errors here:
 * both lengths, a coding that is not exactly `chunked`, chunked from HTTP/1.0.
 * @throws MalformedError, ProxyError 'transfer-coding-unsupported'
 */
export function requestFraming(
  contentLength: string | null,
  transferEncoding: string | null,
  version: 'HTTP/1.0' | 'HTTP/1.1',
): BodyFraming {
  if (transferEncoding !== null) {
    if (contentLength !== null) throw new MalformedError('Content-Length together with Transfer-Encoding');
    if (version === 'HTTP/1.0') throw new MalformedError('Transfer-Encoding in an HTTP/1.0 request');
    const coding = transferEncoding.toLowerCase();
    if (coding === 'chunked') return CHUNKED_BODY;
    // RFC 9112 6.1: an unknown coding before a final chunked is 501, anything else leaves the length unknown.
    const codings = listElements(coding);
    if (
      codings.at(-1) === 'chunked' &&
      codings.indexOf('chunked') === codings.length - 1 &&
      codings.every((part) => /^(gzip|x-gzip|deflate|compress|x-compress|br|zstd|chunked)$/.test(part))
    ) {
      throw new ProxyError(
        'transfer-coding-unsupported',
        'client',
        `Transfer-Encoding ${excerpt(transferEncoding)} is not supported`,
      );
    }
    throw new MalformedError('Transfer-Encoding is not chunked');
  }
  if (contentLength === null) return NO_BODY;
  const bytes = parseContentLength(contentLength);
  return bytes === 0 ? EMPTY_BODY : { kind: 'length', bytes };
}

/** A body of declared length 0 keeps its Content-Length: a POST without one is refused by some servers. */
const EMPTY_BODY: BodyFraming = { kind: 'length', bytes: 0 };

/**
 * How an answer's body is framed (RFC 9112 6.3).
 * @throws MalformedError
 */
export function responseFraming(
  method: string,
  status: number,
  version: string,
  contentLength: string | null,
  transferEncoding: string | null,
): BodyFraming {
  if (transferEncoding !== null && contentLength !== null)
    throw new MalformedError('Content-Length together with Transfer-Encoding');
  const bytes = contentLength === null ? null : parseContentLength(contentLength);
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return NO_BODY;
  if (transferEncoding !== null) {
    if (version === 'HTTP/1.0') throw new MalformedError('Transfer-Encoding in an HTTP/1.0 answer');
    if (transferEncoding.toLowerCase() === 'chunked') return CHUNKED_BODY;
    throw new MalformedError(`Transfer-Encoding ${excerpt(transferEncoding)} is not chunked`);
  }
  return bytes === null ? UNTIL_CLOSE_BODY : bytes === 0 ? EMPTY_BODY : { kind: 'length', bytes };
}

/** 1*DIGIT that a double holds exactly: no sign, no list, no white space, no hexadecimal. */
function parseContentLength(value: string): number {
  if (!/^[0-9]{1,15}$/.test(value))
    throw new MalformedError(`Content-Length ${excerpt(value)} is not a number of bytes`);
  return Number(value);
}
