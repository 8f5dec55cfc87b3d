import { describe, expect, test } from 'vitest';
import { parseResponseHead } from '../../../core/http1/parse-head.ts';
import { refusalOf } from './read-request.ts';

const parsed = (start: string, ...fields: string[]) =>
  parseResponseHead([start, ...fields].join('\r\n'), 'GET', 100);

describe('Connection of an answer', () => {
  test.each([
    ['HTTP/1.1 200 OK', ['Content-Length: 0'], true],
    ['HTTP/1.1 200 OK', ['Transfer-Encoding: chunked'], true],
    ['HTTP/1.1 204 x', [], true],
    ['HTTP/1.1 200 OK', [], false],
    ['HTTP/1.1 200 OK', ['Connection: keep-alive'], false],
    ['HTTP/1.1 200 OK', ['Content-Length: 0', 'Connection: x, Close'], false],
    ['HTTP/1.1 200 OK', ['Content-Length: 0', 'Connection: keep-alive', 'Connection: close'], false],
    ['HTTP/1.0 200 OK', ['Content-Length: 0'], false],
    ['HTTP/1.0 200 OK', ['Content-Length: 0', 'Connection: keep-alive'], true],
  ])('%s with %j: keep-alive is %s', (start, fields, keepAlive) => {
    expect(parsed(start, ...fields).keepAlive).toBe(keepAlive);
  });

  test('nominated fields are named', () => {
    expect(parsed('HTTP/1.1 200 OK', 'Connection: X-Hop, close').head.nominated).toEqual(['x-hop']);
  });

  test('what is no token is refused', () => {
    expect(refusalOf(() => parsed('HTTP/1.1 200 OK', 'Connection: a b'))).toBe(
      'backend response-malformed: Connection holds something that is no token',
    );
  });

  test.each([
    ['HTTP/1.1 101 x', ['Connection: Upgrade', 'Upgrade: WebSocket'], 'websocket'],
    ['HTTP/1.1 101 x', ['Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c'], 'websocket, h2c'],
    ['HTTP/1.1 101 x', ['Upgrade: websocket'], null],
    ['HTTP/1.1 101 x', ['Connection: Upgrade'], null],
    ['HTTP/1.1 200 x', ['Connection: Upgrade', 'Upgrade: websocket'], null],
  ])('%s with %j switches to %s', (start, fields, protocol) => {
    expect(parsed(start, ...fields).upgrade).toBe(protocol);
  });
});
