import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { normalisePath } from '../../../core/shared/normalise-path.ts';

describe('normalisePath', () => {
  test.each([
    '/',
    '*',
    '/a/b',
    '//a//b/',
    '/a.b/c..d/...',
    '/.well-known/acme-challenge/x',
    '/..a/.b./c',
    '/a;b=1/c',
    '/%2F%2E%2Ex',
    '/a%252e%252e/b',
  ])('%s needs at most its escapes normalised', (path) => {
    expect(normalisePath(path)?.toLowerCase()).toBe(path.replaceAll('%2E', '.').toLowerCase());
  });

  test.each([
    ['/%61%7A%41%5f%2d%2E%7e%30', '/azA_-.~0'],
    ['/%2f%c3%a9%3A', '/%2F%C3%A9%3A'],
    ['/a%20b%25', '/a%20b%25'],
    ['/%%34%31', null],
  ])('escapes: %s becomes %s', (path, normalised) => {
    expect(normalisePath(path)).toBe(normalised);
  });

  test.each(['/%', '/%4', '/%4g', '/%zz', '/a%', '/%u002e', '/%-1', '/%+1', '/% 1'])(
    'a broken escape is refused: %s',
    (path) => {
      expect(normalisePath(path)).toBeNull();
    },
  );

  test.each(['/%00', '/a%00.png'])('an escaped NUL is refused: %s', (path) => {
    expect(normalisePath(path)).toBeNull();
  });

  const dots = ['.', '..', '%2e', '%2E%2e', '.%2e', '%2e.', '..;a=1', '%2e%2e;'];
  const separators = ['/', '\\', '%2f', '%2F', '%5c', '%5C'];
  test.each(dots)('a dot segment is refused in any surroundings: %s', (segment) => {
    for (const before of separators) {
      expect([before, normalisePath(`/a${before}${segment}`)]).toEqual([before, null]);
      for (const after of separators) {
        expect([before, after, normalisePath(`/a${before}${segment}${after}b`)]).toEqual([
          before,
          after,
          null,
        ]);
      }
    }
    expect(normalisePath(`/${segment}`)).toBeNull();
  });

  test('is stable: what it returns it returns again', () => {
    const part = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '%41',
      '%',
      '%5c',
      '\\',
      'a',
      '%c3',
      ';',
      '%25',
      '2e',
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const once = normalisePath(`/${parts.join('')}`);
        if (once !== null) expect(normalisePath(once)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });
});
