import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

/** Upstreams by name, each with these others in the place of backends. */
function findings(nested: Readonly<Record<string, readonly string[]>>): string[] {
  const upstreams = Object.fromEntries(
    Object.entries({ site: [], ...nested }).map(([name, others]) => [
      name,
      { backends: [{ address: 'a:1' }, ...others.map((upstream) => ({ upstream }))] },
    ]),
  );
  return findingsIn(contentWith({ top: { upstreams } }));
}

test.each<[string, Readonly<Record<string, readonly string[]>>, readonly string[]]>([
  ['an upstream of upstreams', { site: ['eu', 'us'], eu: ['shared'], us: ['shared'], shared: [] }, []],
  [
    'an unknown name',
    { site: ['eo'], eu: [] },
    [
      'upstreams.site.backends[1].upstream: expected the name of an upstream (site, eu), found "eo"; did you mean `eu`?',
    ],
  ],
  [
    'the same one twice',
    { site: ['eu', 'eu'], eu: [] },
    ['upstreams.site.backends[2].upstream: expected each upstream once, found "eu" twice'],
  ],
  [
    'itself',
    { site: ['site'] },
    [
      'upstreams.site.backends[1].upstream: expected an upstream that does not lead back here, found site → site',
    ],
  ],
  [
    'a cycle, told once with the chain that makes it',
    { site: ['eu'], eu: ['de'], de: ['eu'] },
    [
      'upstreams.de.backends[1].upstream: expected an upstream that does not lead back here, found eu → de → eu',
    ],
  ],
])('%s', (_, nested, expected) => {
  expect(findings(nested)).toEqual(expected);
});

test('a chain has an end', () => {
  const chain = (length: number): Record<string, string[]> =>
    Object.fromEntries(
      Array.from({ length }, (_, i) => [i === 0 ? 'site' : `u${i}`, i === length - 1 ? [] : [`u${i + 1}`]]),
    );
  expect(findings(chain(8))).toEqual([]);
  expect(findings(chain(9))).toEqual([
    'upstreams.site: expected at most 8 upstreams within each other, found 9',
  ]);
});
