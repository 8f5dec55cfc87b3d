import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkedDecoder } from '../../../core/http1/chunked-decoder.ts';
import { isHopeless } from '../../../core/http1/head-reader.ts';
import { parseRequestHead, parseResponseHead } from '../../../core/http1/parse-head.ts';
import { mutate, mutations, validRequest } from './arbitrary-messages.ts';
import { receive } from './drive-connection.ts';
import { LIMITS, refusalOf } from './read-request.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const pieces = fc.array(bytes, { maxLength: 5 });
/** Random bytes end at the first character; these get further. */
const almostRequest = fc
  .tuple(validRequest(), mutations)
  .map(([request, changes]) => mutate(request.wire, changes));
const almostAnswer = fc
  .tuple(fc.constantFrom('HTTP/1.1 200 OK\r\n', 'HTTP/1.0 404 \r\n', 'HTTP/1.1 '), validRequest(), mutations)
  .map(([start, request, changes]) =>
    mutate(start + request.wire.slice(request.wire.indexOf('\r\n') + 2), changes),
  );

// `refusalOf` lets through whatever is no ProxyError and no MalformedError, which fails the property.
describe('random bytes are accepted or refused, nothing else', () => {
  test('as a request head', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes.map((buffer) => buffer.toString('latin1')),
          almostRequest,
        ),
        (text) => {
          expect(refusalOf(() => parseRequestHead(text, LIMITS))).toMatch(
            /^(accepted$|client (request-|version-|transfer-))/,
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('as the head of an answer', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes.map((buffer) => buffer.toString('latin1')),
          almostAnswer,
        ),
        (text) => {
          expect(refusalOf(() => parseResponseHead(text, 'GET', 100))).toMatch(
            /^(accepted$|backend response-malformed)/,
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('as a chunked body', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            bytes,
            fc.constantFrom('0', '5', 'a', '\r\n', ';', 'X: y').map((text) => Buffer.from(text)),
          ),
          { maxLength: 10 },
        ),
        (buffers) => {
          const decoder = new ChunkedDecoder();
          let delivered = 0;
          expect(
            refusalOf(() =>
              buffers.some(
                (buffer) =>
                  decoder.decode(buffer, 0, { onBodyData: (piece) => void (delivered += piece.length) }) !==
                  -1,
              ),
            ),
          ).toMatch(/^(accepted$|malformed)/);
          expect(delivered).toBeLessThanOrEqual(Buffer.concat(buffers).length);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('on a connection', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((buffers) => buffers.map((buffer) => buffer.toString('latin1'))),
          fc.array(almostRequest, { maxLength: 3 }),
        ),
        (texts) => {
          receive(texts);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a head that is given up early is none that would be accepted', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          validRequest().map((request) => request.wire),
          almostRequest,
        ),
        fc.nat({ max: 300 }),
        (wire, length) => {
          const head = wire.slice(
            0,
            wire.indexOf('\r\n\r\n') === -1 ? wire.length : wire.indexOf('\r\n\r\n'),
          );
          fc.pre(isHopeless(Buffer.from(head.slice(0, length), 'latin1'), 0));
          expect(refusalOf(() => parseRequestHead(head, LIMITS))).not.toBe('accepted');
        },
      ),
      { numRuns: 500 },
    );
  });
});
