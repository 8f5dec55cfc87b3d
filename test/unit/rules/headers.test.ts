import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderBlock } from '../../../rules/runtime/headers.ts';

const name = fc.constantFrom('a', 'A', 'ab', 'x-a', 'X-Ab', 'Set-Cookie', 'accept');
const value = fc.string({
  unit: fc.constantFrom('a', 'b', ':', ' ', '\t', ',', '\u00e9', 'x-a:'),
  maxLength: 8,
});
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 });

test('headers are read as the web reads them', () => {
  fc.assert(
    fc.property(fields, (lines) => {
      const ours = new HeaderBlock(lines.map(([field, text]) => `${field}: ${text}`).join('\r\n'), null);
      const web = new Headers(lines);
      for (const wanted of ['a', 'AB', 'X-A', 'x-ab', 'set-cookie', 'b']) {
        expect(ours.get(wanted)).toBe(web.get(wanted));
        expect(ours.has(wanted)).toBe(web.has(wanted));
      }
      expect(ours.getSetCookie()).toEqual(web.getSetCookie());
      expect([...ours]).toEqual([...web]);
      expect([...ours.keys()]).toEqual([...web.keys()]);
      expect([...ours.values()]).toEqual([...web.values()]);
    }),
    { numRuns: 1000 },
  );
});

test('headers are changed as the web changes them, and every change is noted', () => {
  const change = fc.tuple(fc.constantFrom('set' as const, 'append' as const, 'delete' as const), name, value);
  fc.assert(
    fc.property(fields, fc.array(change), (lines, changes) => {
      const ours = new HeaderBlock(lines.map(([field, text]) => `${field}: ${text}`).join('\r\n'), null);
      const web = new Headers(lines);
      for (const headers of [ours, web]) {
        for (const [op, field, text] of changes) {
          if (op === 'delete') headers.delete(field);
          else headers[op](field, text);
        }
      }
      expect([...ours]).toEqual([...web]);
      expect(HeaderBlock.edits(ours)?.length ?? 0).toBe(changes.length * 3);
    }),
  );
});

test.each([
  ['a line break in a value', 'x', 'a\r\nb: c'],
  ['a NUL', 'x', 'a\0'],
  ['a character beyond Latin-1', 'x', '\u0100'],
  ['a space in a name', 'x y', 'a'],
  ['an empty name', '', 'a'],
  ['a colon in a name', 'x:', 'a'],
  ['the framing', 'Transfer-Encoding', 'chunked'],
  ['the length', 'content-length', '1'],
  ['the host', 'Host', 'a'],
])('%s is refused', (_what, field, text) => {
  const headers = new HeaderBlock('', null);
  expect(() => headers.set(field, text)).toThrow(TypeError);
  expect(() => headers.append(field, text)).toThrow(TypeError);
  expect(HeaderBlock.edits(headers)).toBeNull();
});

test('headers of a request that is sent cannot change', () => {
  const headers = new HeaderBlock('a: b', 'it is sent');
  expect(() => headers.set('a', 'c')).toThrow('it is sent');
  expect(() => headers.delete('a')).toThrow('it is sent');
  expect(headers.get('a')).toBe('b');
});
