import { describe, expect, test } from 'vitest';
import { isHopeless } from '../../../core/http1/head-reader.ts';

const hopeless = (text: string, from = 0): boolean => isHopeless(Buffer.from(text, 'latin1'), from);

describe('an unfinished head', () => {
  test.each([
    '',
    'G',
    'GET / HTTP/1.1',
    'GET / HTTP/1.1\r',
    'GET / HTTP/1.1\r\n',
    'GET / HTTP/1.1\r\nX:\tb',
    'GET / HTTP/1.1\r\nX: \u00e9\r\n\r',
  ])('%j may become a valid one', (text) => {
    expect(hopeless(text)).toBe(false);
  });

  test.each([
    '\n',
    'GET / HTTP/1.1\n',
    'GET / HTTP/1.1\r\nX: b\n',
    'GET / HTTP/1.1\rX',
    'a\r\r\n',
    'a\0',
    'a\x7f',
    '\x16\x03\x01\x02\0',
  ])('%j can not become one', (text) => {
    expect(hopeless(text)).toBe(true);
  });

  test('only what is new is looked at, the character before it included', () => {
    expect(hopeless('a\r\n', 2)).toBe(false);
    expect(hopeless('a\n', 1)).toBe(true);
    expect(hopeless('\0abc', 1)).toBe(false);
  });
});
