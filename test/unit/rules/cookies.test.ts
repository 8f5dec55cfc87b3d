import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CookieJar } from '../../../rules/runtime/cookies.ts';
import { HeaderBlock } from '../../../rules/runtime/headers.ts';

const jar = (head: string): CookieJar => new CookieJar(new HeaderBlock(head, null));

test('what a client sends is found again', () => {
  const name = fc.constantFrom('a', 'A', 'ab', 'session', 'constructor', '__proto__');
  const value = fc.string({ unit: fc.constantFrom('a', '=', '"', '%', '2', ',', '/'), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.boolean(), (pairs, inOneField) => {
      const crumbs = pairs.map(([cookie, text]) => `${cookie}=${text}`);
      const head = inOneField
        ? `Cookie: ${crumbs.join('; ')}`
        : crumbs.map((crumb) => `cookie: ${crumb}`).join('\r\n');
      const cookies = jar(head);
      for (const wanted of ['a', 'A', 'ab', 'session', 'constructor', '__proto__', 'toString']) {
        const values = pairs.filter(([cookie]) => cookie === wanted).map(([, text]) => text);
        expect(cookies.getAll(wanted)).toEqual(values);
        expect(cookies.get(wanted)).toBe(values[0] ?? null);
        expect(cookies.has(wanted)).toBe(values.length > 0);
      }
    }),
  );
});

test('odd cookies', () => {
  const cookies = jar('Cookie: ;; lone; =x; a = b ;q="c d";=; e=f=g');
  expect(['a', 'q', 'e', 'lone', ''].map((name) => cookies.get(name))).toEqual([
    'b',
    '"c d"',
    'f=g',
    null,
    null,
  ]);
});
