import { describe, expect, test } from 'vitest';
import { parse, parseFields, refusal } from './read-request.ts';

describe('Connection of a request', () => {
  test.each([
    ['HTTP/1.1', [], true],
    ['HTTP/1.1', ['Connection: keep-alive'], true],
    ['HTTP/1.1', ['Connection: close'], false],
    ['HTTP/1.1', ['Connection: CLOSE'], false],
    ['HTTP/1.1', ['Connection: x, close'], false],
    ['HTTP/1.1', ['Connection: close, keep-alive'], false],
    ['HTTP/1.1', ['Connection: close', 'Connection: keep-alive'], false],
    ['HTTP/1.1', ['Connection: keep-alive', 'Connection: close'], false],
    ['HTTP/1.1', ['Connection: xclose'], true],
    ['HTTP/1.1', ['Connection:'], true],
    ['HTTP/1.1', ['Proxy-Connection: close'], true],
    ['HTTP/1.0', [], false],
    ['HTTP/1.0', ['Connection: keep-alive'], true],
    ['HTTP/1.0', ['Connection: Keep-Alive, close'], false],
    ['HTTP/1.0', ['Proxy-Connection: keep-alive'], false],
  ])('%s with %j: keep-alive is %s', (version, fields, keepAlive) => {
    expect(parse([`GET / ${version}`, 'Host: a', ...fields]).keepAlive).toBe(keepAlive);
  });

  test('nothing is read behind a CONNECT: it may be meant for the tunnel', () => {
    expect(parse(['CONNECT a:1 HTTP/1.1', 'Host: a:1']).keepAlive).toBe(false);
  });

  test.each([
    [['Connection: X-Secret'], ['x-secret']],
    [['Connection: a ,\tb,,c,'], ['a', 'b', 'c']],
    [
      ['Connection: a', 'Connection: close, b'],
      ['a', 'b'],
    ],
    [['Connection: keep-alive, close, upgrade'], null],
    [['Connection: ,'], null],
  ])('%j nominates %j', (fields, nominated) => {
    expect(parseFields(...fields).head.nominated).toEqual(nominated);
  });

  test.each(['a b', 'a;b', '"a"', 'close\u00a0', '\u00a0close', '@'])(
    '%j is no connection option',
    (value) => {
      expect(refusal(['GET / HTTP/1.1', 'Host: a', `Connection: ${value}`])).toBe(
        'client request-malformed: Connection holds something that is no token',
      );
    },
  );

  test('the number of nominated fields is bounded, over all lines', () => {
    const line = `Connection: ${Array.from({ length: 32 }, (_, i) => `n${i}`).join(',')}`;
    expect(parseFields(line, line).head.nominated).toHaveLength(64);
    expect(refusal(['GET / HTTP/1.1', 'Host: a', line, line, 'Connection: x'])).toBe(
      'client request-malformed: Connection names more than 64 fields',
    );
  });
});
