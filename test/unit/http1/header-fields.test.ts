import { describe, expect, test } from 'vitest';
import { fieldsOf, parse, parseFields, refusal } from './read-request.ts';

const refused = (field: string): string => refusal(['GET / HTTP/1.1', 'Host: a', field, 'X-After: b']);

describe('header fields', () => {
  test('order, case and duplicates are kept', () => {
    const { head } = parseFields('X-B: 1', 'x-a: 2', 'X-B: 3');
    expect(fieldsOf(head.headers)).toEqual([
      ['Host', 'a'],
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
    ]);
    expect(head.headers.get('x-b')).toBe('1, 3');
  });

  test('the field text is what was received behind the request line', () => {
    expect(parseFields('X:1').fieldText).toBe('Host: a\r\nX:1');
    expect(parse(['GET / HTTP/1.0']).fieldText).toBe('');
  });

  test.each([
    ['X:b', 'b'],
    ['X: b', 'b'],
    ['X:\t b \t', 'b'],
    ['X:', ''],
    ['X: \t ', ''],
    ['X: b  c\td', 'b  c\td'],
    ['X: :b:', ':b:'],
    ['X: \u00e9\u00ff\u0080', '\u00e9\u00ff\u0080'],
    ['X: \u00a0b\u00a0', '\u00a0b\u00a0'],
  ])('%j has the value %j', (line, value) => {
    expect(parseFields(line).head.headers.get('x')).toBe(value);
  });

  test('a name may be any token', () => {
    expect(parseFields("!#$%&'*+-.^_`|~9: b").head.headers.has("!#$%&'*+-.^_`|~9")).toBe(true);
    expect(parseFields('__proto__: b').head.headers.get('__proto__')).toBe('b');
  });

  test.each([
    ['X : b', 'the header name "X" is followed by 0x20'],
    ['X\t: b', 'the header name "X" is followed by 0x09'],
    ['X\0: b', 'the header name "X" is followed by 0x00'],
    ['X(: b', 'the header name "X" is followed by 0x28'],
    ['X\u00e9: b', 'the header name "X" is followed by 0xE9'],
    ['X\x7f: b', 'the header name "X" is followed by 0x7F'],
    ['X\n: b', 'the header name "X" is followed by 0x0A'],
    [': b', 'a header line has no name'],
    ['X', 'the header line "X" has no colon'],
    ['GET / HTTP/1.1', 'the header name "GET" is followed by 0x20'],
    [' b', 'a header line is folded or begins with white space'],
    ['\tb', 'a header line is folded or begins with white space'],
    [' X: b', 'a header line is folded or begins with white space'],
    ['X: b\0', 'the value of X holds 0x00'],
    ['X: b\x01', 'the value of X holds 0x01'],
    ['X: b\x7f', 'the value of X holds 0x7F'],
    ['X: b\rc', 'the value of X holds 0x0D'],
    ['X: b\r', 'the value of X holds 0x0D'],
    ['X: b\nY: c', 'the value of X holds 0x0A'],
    ['X: b\n', 'the value of X holds 0x0A'],
    ['X:\r\r\nY: c', 'the value of X holds 0x0D'],
  ])('%j is refused', (line, message) => {
    expect(refused(line)).toBe(`client request-malformed: ${message}`);
  });

  test('a fold is refused on the first field and on the last', () => {
    const folded = 'client request-malformed: a header line is folded or begins with white space';
    expect(refusal(['GET / HTTP/1.1', ' Host: a'])).toBe(folded);
    expect(refusal(['GET / HTTP/1.1', 'Host: a', 'X: b', ' c'])).toBe(folded);
  });

  test('a CR at the very end of the head is refused', () => {
    expect(refusal(['GET / HTTP/1.1', 'Host: a', 'X: b\r'])).toBe(
      'client request-malformed: the value of X holds 0x0D',
    );
  });
});
