import { describe, expect, test } from 'vitest';
import { parse, refusal } from './read-request.ts';

describe('Host', () => {
  test.each([
    ['a.example', 'a.example'],
    ['A.Example:8080', 'a.example:8080'],
    ['a_b.example', 'a_b.example'],
    // The root dot names the same host: a rule must not be walked around with it.
    ['a.example.', 'a.example'],
    ['A.example.:80', 'a.example:80'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:8443', '[2001:db8::1]:8443'],
    ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]'],
    ['a%20b', 'a%20b'],
    [' \ta\t ', 'a'],
  ])('%j is the host %j', (value, host) => {
    expect(parse(['GET / HTTP/1.1', `Host:${value}`]).head.host).toBe(host);
  });

  test.each([
    '',
    'a b',
    'a,b',
    'a:',
    'a:b',
    'a:80:80',
    ':80',
    'a:-1',
    'a:123456',
    'u@a',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'http://a',
    '::1',
    '[::1',
    '::1]',
    '[]',
    '[::1]x',
    '[:::::]',
    '[1.2.3.4]',
    '[g::1]',
    '[::1%25eth0]',
    'a"b',
    'a<b',
    '\u00e9',
    'a\u00a0',
  ])('%j is no host', (value) => {
    expect(refusal(['GET / HTTP/1.1', `Host: ${value}`])).toBe(
      `client request-malformed: Host ${JSON.stringify(value)} is not a host and port`,
    );
  });

  test.each(['.', '.:80', '..', 'a..b', 'A..b', 'a..', '.a', '.A:80'])('%j has an empty label', (value) => {
    expect(refusal(['GET / HTTP/1.1', `Host: ${value}`])).toBe(
      'client request-malformed: Host has an empty label',
    );
  });

  test('an HTTP/1.1 request without one is refused, also with an absolute-form target', () => {
    expect(refusal(['GET / HTTP/1.1'])).toBe('client request-malformed: Host is missing');
    expect(refusal(['GET http://a/ HTTP/1.1'])).toBe('client request-malformed: Host is missing');
  });

  test('an HTTP/1.0 request needs none', () => {
    expect(parse(['GET / HTTP/1.0']).head.host).toBe('');
  });

  test.each([[['Host: a', 'Host: a']], [['Host: a', 'Host: b']], [['Host: a', 'X: y', 'hOST: a']]])(
    'several are refused: %j',
    (fields) => {
      expect(refusal(['GET / HTTP/1.1', ...fields])).toBe('client request-malformed: more than one Host');
      expect(refusal(['GET / HTTP/1.0', ...fields])).toBe('client request-malformed: more than one Host');
    },
  );
});
