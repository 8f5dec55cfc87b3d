import { describe, expect, test } from 'vitest';
import type { ResponseHead } from '../../../core/exchange/streams.ts';
import { parseResponseHead } from '../../../core/http1/parse-head.ts';
import { answerFraming, serializeResponseHead } from '../../../core/http1/serialize-response.ts';
import { parse } from './read-request.ts';

const DATE = 'Date: Tue, 15 Nov 1994 08:12:31 GMT';
const http11 = parse(['GET / HTTP/1.1', 'Host: a']).head;
const http10 = parse(['GET / HTTP/1.0']).head;

const answer = (...received: string[]): ResponseHead =>
  parseResponseHead(received.join('\r\n'), 'GET', 100).head;

/** The lines that a client gets, without the two empty ones. */
function lines(head: ResponseHead, request = http11, close = false): string[] {
  const text = serializeResponseHead(head, request, answerFraming(head, request), close);
  expect(text.endsWith('\r\n\r\n')).toBe(true);
  return text.slice(0, -4).split('\r\n');
}

describe('head of an answer to the client', () => {
  test('fields keep case, order and duplicates', () => {
    const head = answer(
      'HTTP/1.1 200 Fine',
      'X-b: 1',
      'Content-Length: 5',
      'x-A: 2',
      'Set-Cookie: a',
      'Set-Cookie: b',
      DATE,
    );
    expect(lines(head)).toEqual([
      'HTTP/1.1 200 Fine',
      'X-b: 1',
      'Content-Length: 5',
      'x-A: 2',
      'Set-Cookie: a',
      'Set-Cookie: b',
      DATE,
    ]);
  });

  test('an HTTP/1.0 answer becomes an HTTP/1.1 one, an empty reason stays empty', () => {
    expect(lines(answer('HTTP/1.0 200', 'Content-Length: 0', DATE))[0]).toBe('HTTP/1.1 200 ');
  });

  test('hop-by-hop and nominated fields are left out', () => {
    const head = answer(
      'HTTP/1.1 200 OK',
      'Connection: X-Hop, close, Content-Length',
      'X-Hop: 1',
      'Keep-Alive: 5',
      'Proxy-Connection: x',
      'Upgrade: h2c',
      'Content-Length: 0',
      DATE,
    );
    expect(lines(head)).toEqual(['HTTP/1.1 200 OK', 'Content-Length: 0', DATE]);
  });

  test('chunks are announced anew', () => {
    const head = answer('HTTP/1.1 200 OK', 'transfer-encoding: CHUNKED', DATE);
    expect(lines(head)).toEqual(['HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked']);
  });

  test('a body that ends with its connection is chunked for HTTP/1.1, and ends with the connection for HTTP/1.0', () => {
    const head = answer('HTTP/1.1 200 OK', DATE);
    expect(lines(head)).toEqual(['HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked']);
    expect(lines(head, http10, true)).toEqual(['HTTP/1.1 200 OK', DATE, 'Connection: close']);
  });

  test('HTTP/1.0 gets no chunks', () => {
    expect(answerFraming(answer('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'), http10)).toBe(
      'until-close',
    );
  });

  test('Connection says whether the connection goes on, where that is not the default', () => {
    const head = answer('HTTP/1.1 200 OK', 'Content-Length: 0', DATE);
    expect(lines(head, http11, true).at(-1)).toBe('Connection: close');
    expect(lines(head, http10, false).at(-1)).toBe('Connection: keep-alive');
  });

  test.each([
    ['204 No Content', []],
    ['304 Not Modified', ['Content-Length: 5']],
  ])('Content-Length of a %s', (status, kept) => {
    const head = answer(`HTTP/1.1 ${status}`, 'Content-Length: 5', 'Transfer-Encoding-X: y', DATE);
    expect(lines(head)).toEqual([`HTTP/1.1 ${status}`, ...kept, 'Transfer-Encoding-X: y', DATE]);
  });

  test('an answer to HEAD keeps the length that a GET would have, and announces no chunks', () => {
    const toHead = (field: string) =>
      parseResponseHead(`HTTP/1.1 200 OK\r\n${field}\r\n${DATE}`, 'HEAD', 100).head;
    expect(lines(toHead('Content-Length: 5'))).toEqual(['HTTP/1.1 200 OK', 'Content-Length: 5', DATE]);
    expect(lines(toHead('Transfer-Encoding: chunked'))).toEqual(['HTTP/1.1 200 OK', DATE]);
  });

  test('an answer without a date gets one', () => {
    expect(lines(answer('HTTP/1.1 200 OK', 'Content-Length: 0')).at(-1)).toMatch(
      /^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
    );
  });
});
