import { URLSearchParams as NodeURLSearchParams } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { URLSearchParams } from '../../../rules/runtime/url-search-params.ts';

const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    '=',
    '&',
    '+',
    '%',
    '2',
    '0',
    'C',
    '3',
    'A',
    '9',
    ' ',
    '?',
    '#',
    'é',
    '\u{1f600}',
    '\ud800',
    '\0',
    '~',
    '*',
  ),
});

/** What can stand in a request-target. */
const ascii = fc.string({
  unit: fc.constantFrom('a', 'b', '=', '&', '+', '%', '2', '0', 'C', '3', 'A', '9', 'e', 'F', '?', '~', '*'),
});

test('queries are read as Node reads them', () => {
  fc.assert(
    fc.property(ascii, text, (query, name) => {
      const ours = new URLSearchParams(query);
      const nodes = new NodeURLSearchParams(query);
      expect([...ours]).toEqual([...nodes]);
      expect(ours.toString()).toBe(nodes.toString());
      expect([ours.get(name), ours.getAll(name), ours.has(name), ours.size]).toEqual([
        nodes.get(name),
        nodes.getAll(name),
        nodes.has(name),
        nodes.size,
      ]);
    }),
    { numRuns: 2000 },
  );
});

test('characters beyond ASCII stay beside a broken escape, as in the URL Standard (Node loses them)', () => {
  expect([...new URLSearchParams('é%aa=ü')]).toEqual([['é\ufffd', 'ü']]);
});

const change = fc.oneof(
  fc.record({ op: fc.constantFrom('append' as const, 'set' as const), name: text, value: text }),
  fc.record({ op: fc.constant('delete' as const), name: text, value: fc.option(text, { nil: undefined }) }),
  fc.record({ op: fc.constant('sort' as const) }),
);

test('queries are changed as Node changes them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), fc.array(change), (pairs, changes) => {
      const ours = new URLSearchParams(pairs);
      const nodes = new NodeURLSearchParams(pairs);
      for (const params of [ours, nodes]) {
        for (const one of changes) {
          if (one.op === 'sort') params.sort();
          else if (one.op === 'delete') params.delete(one.name, one.value);
          else params[one.op](one.name, one.value);
        }
      }
      expect([...ours]).toEqual([...nodes]);
      expect(ours.toString()).toBe(nodes.toString());
    }),
  );
});

test('every form of the constructor', () => {
  expect(new URLSearchParams({ a: '1', b: '2' }).toString()).toBe('a=1&b=2');
  expect(new URLSearchParams('?a=1').get('a')).toBe('1');
  expect(new URLSearchParams(new URLSearchParams('a=1&a=2')).getAll('a')).toEqual(['1', '2']);
  expect(() => Reflect.construct(URLSearchParams, [[['a']]])).toThrow(TypeError);
});
