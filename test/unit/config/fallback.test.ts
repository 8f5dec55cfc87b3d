import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

/** Upstreams by name, each with the name of its fallback. */
function findings(fallbacks: Readonly<Record<string, string | null>>): string[] {
  const upstreams = Object.fromEntries(
    Object.entries(fallbacks).map(([name, fallback]) => [
      name,
      { backends: [{ address: 'a:1' }], ...(fallback === null ? {} : { fallback }) },
    ]),
  );
  return findingsIn(contentWith({ top: { upstreams } }));
}

test.each<[string, Readonly<Record<string, string | null>>, readonly string[]]>([
  ['a chain', { site: 'b', b: 'c', c: null }, []],
  ['one for several', { site: 'c', b: 'c', c: null }, []],
  [
    'an unknown name',
    { site: 'bakcup', backup: null },
    [
      'upstreams.site.fallback: expected the name of an upstream (site, backup), found "bakcup"; did you mean `backup`?',
    ],
  ],
  [
    'itself',
    { site: 'site' },
    ['upstreams.site.fallback: expected an upstream that does not lead back here, found site → site'],
  ],
  [
    'a cycle, told once, and not for who leads into it',
    { site: 'b', b: 'c', c: 'b' },
    ['upstreams.b.fallback: expected an upstream that does not lead back here, found b → c → b'],
  ],
  [
    'a long chain',
    { site: 'b', b: 'c', c: 'd', d: 'e', e: null },
    ['upstreams.site.fallback: expected at most 4 upstreams one after the other, found site → b → c → d → e'],
  ],
])('%s', (_, fallbacks, expected) => {
  expect(findings(fallbacks)).toEqual(expected);
});
