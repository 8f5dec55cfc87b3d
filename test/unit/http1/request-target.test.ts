import { describe, expect, test } from 'vitest';
import { parse, refusal } from './read-request.ts';

function read(
  method: string,
  target: string,
  host: string | null = 'a.example',
): { target: string; host: string } {
  const { head } = parse([
    `${method} ${target} HTTP/${host === null ? '1.0' : '1.1'}`,
    ...(host === null ? [] : [`Host: ${host}`]),
  ]);
  return { target: head.target, host: head.host };
}

describe('request target', () => {
  test.each(['/', '//', '/a/b;c=d?e=f&g', '/?', '/%41%zz', '/a|b{c}"<>^`\\', '/..', "/!$&'()*+,;=:@-._~"])(
    'origin-form %s stays as it is',
    (target) => {
      expect(read('GET', target)).toEqual({ target, host: 'a.example' });
    },
  );

  test.each([
    ['http://a.example/x?y', '/x?y'],
    ['HTTP://A.Example/x', '/x'],
    ['https://a.example/x', '/x'],
    ['http://a.example', '/'],
    ['http://a.example?y=1', '/?y=1'],
    ['http://a.example//x', '//x'],
  ])('absolute-form %s becomes %s', (target, originForm) => {
    expect(read('GET', target)).toEqual({ target: originForm, host: 'a.example' });
  });

  test('without a Host in HTTP/1.0, an absolute-form target names the host', () => {
    expect(read('GET', 'http://b.example:81/x', null)).toEqual({ target: '/x', host: 'b.example:81' });
  });

  test.each(['http://b.example/', 'http://a.example:80/', 'http://b.example./', 'http://aa.example'])(
    'absolute-form %s differs from Host',
    (target) => {
      expect(refusal([`GET ${target} HTTP/1.1`, 'Host: a.example'])).toBe(
        'client request-malformed: Host differs from the target',
      );
    },
  );

  test('OPTIONS takes the asterisk-form', () => {
    expect(read('OPTIONS', '*')).toEqual({ target: '*', host: 'a.example' });
  });

  test('OPTIONS for an absolute URL without a path is the asterisk-form', () => {
    expect(read('OPTIONS', 'http://a.example')).toEqual({ target: '*', host: 'a.example' });
    expect(read('OPTIONS', 'http://a.example/')).toEqual({ target: '/', host: 'a.example' });
  });

  test('CONNECT takes the authority-form', () => {
    expect(read('CONNECT', 'b.example:443')).toEqual({ target: 'b.example:443', host: 'b.example:443' });
  });

  test.each([
    ['GET', '*', 'the target * is for OPTIONS only'],
    ['GET', 'a.example:80', 'the target is neither a path nor an absolute http URL'],
    ['GET', 'a.example/x', 'the target is neither a path nor an absolute http URL'],
    ['GET', '?x', 'the target is neither a path nor an absolute http URL'],
    ['GET', 'ftp://a.example/', 'the target is neither a path nor an absolute http URL'],
    ['GET', 'http:/a.example/', 'the target is neither a path nor an absolute http URL'],
    ['GET', 'http:\\\\a.example/', 'the target is neither a path nor an absolute http URL'],
    ['OPTIONS', '**', 'the target is neither a path nor an absolute http URL'],
    ['GET', 'http:///x', 'Host "" is not a host and port'],
    ['GET', 'http://u:p@a.example/', 'Host "u:p@a.example" is not a host and port'],
    ['GET', 'http://a.example\\@b.example/', 'Host "a.example\\\\@b.example" is not a host and port'],
    ['CONNECT', 'u@b.example:443', 'Host "u@b.example:443" is not a host and port'],
    ['GET', '/#x', 'the target holds 0x23'],
    ['GET', '/\t', 'the target holds 0x09'],
    ['GET', '/\0', 'the target holds 0x00'],
    ['GET', '/\r', 'the target holds 0x0D'],
    ['GET', '/\n', 'the target holds 0x0A'],
    ['GET', '/\x7f', 'the target holds 0x7F'],
    ['GET', '/\u00e9', 'the target holds 0xE9'],
  ])('%s %j is refused', (method, target, message) => {
    expect(refusal([`${method} ${target} HTTP/1.1`, 'Host: a.example'])).toBe(
      `client request-malformed: ${message}`,
    );
  });

  test('an empty target is refused', () => {
    expect(refusal(['GET  HTTP/1.1', 'Host: a.example'])).toBe(
      'client request-malformed: the target is empty',
    );
  });
});
