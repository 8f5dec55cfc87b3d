import { describe, expect, test } from 'vitest';
import { resolveScheduler } from '../../../core/config/scheduler-schema.ts';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

const KEYS = 'source, uri, path, query(name), header(name), cookie(name), rdp-cookie(name) or rule';
const backends = [{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80' }];
const ranges = (...rows: readonly object[]) => ({ type: 'key-ranges', key: 'source', ranges: rows });
const first = { backends: ['10.0.0.1:80'] };

test.each<[unknown]>([
  ['weighted-random'],
  [{ type: 'round-robin' }],
  [{ type: 'maglev', key: 'cookie(sid)', bounded: 1.25, subKey: true, table: 65_521 }],
  [{ type: 'consistent-hash', key: 'rule' }],
  [{ type: 'maglev', key: 'rdp-cookie(mstshash)' }],
  [{ type: 'dynamic-ratio', header: 'X-Weight' }],
  [ranges({ from: 'm', ...first }, { to: 'm', ...first })],
  [ranges({ from: 10, to: 20, ...first }, { from: 0, to: 10, ...first }, { from: 20, ...first })],
])('%j is in order', (scheduler) => {
  expect(findingsIn(contentWith({ upstream: { backends, scheduler } }))).toEqual([]);
});

describe('what is wrong is named', () => {
  test.each<[unknown, string]>([
    [5, ': expected the name of a scheduler, or an object with `type` and its settings, found 5'],
    [{ type: 'maglef', key: 'source' }, '.type: expected one of "round-robin", '],
    [{ key: 'source' }, '.type: missing: expected one of "round-robin", '],
    [
      'maglev',
      ": expected an object with `key` for maglev, such as { type: 'maglev', key: 'source' }, found none",
    ],
    [{ type: 'key-ranges', ranges: [first] }, ': expected an object with `key` for key-ranges'],
    [{ type: 'key-ranges', key: 'uri' }, ': expected an object with `ranges` for key-ranges, found none'],
    [{ type: 'maglev', key: 'header' }, `.key: expected ${KEYS}, found "header"`],
    [{ type: 'maglev', key: 'rdp-cookie' }, `.key: expected ${KEYS}, found "rdp-cookie"`],
    [{ type: 'maglev', key: 'uri', keys: 1 }, '.keys: unknown key; did you mean `key`?'],
    [
      { type: 'random', key: 'uri' },
      '.key: expected it with key-modulo, key-ranges, consistent-hash, maglev only, found it with random',
    ],
    [
      { type: 'key-modulo', key: 'uri', bounded: 2 },
      '.bounded: expected it with consistent-hash, maglev only',
    ],
    [{ type: 'consistent-hash', key: 'uri', table: 251 }, '.table: expected it with maglev only'],
    [{ type: 'observed', header: 'x' }, '.header: expected it with dynamic-ratio only'],
    [{ type: 'maglev', key: 'uri', bounded: 1 }, '.bounded: expected a number from 1.01 to 100, found 1'],
    [{ type: 'maglev', key: 'uri', bounded: '2' }, '.bounded: expected a number from 1.01 to 100, found "2"'],
    [
      { type: 'maglev', key: 'uri', table: 65_536 },
      '.table: expected a prime number, such as 65537, found 65536',
    ],
    [{ type: 'maglev', key: 'uri', table: 97 }, '.table: expected an integer from 101 to 655373, found 97'],
    [{ type: 'dynamic-ratio', header: 'a b' }, '.header: expected a token (RFC 9110 5.6.2), found "a b"'],
    [ranges(), '.ranges: expected at least one range, found none'],
    [ranges({ from: true, ...first }), '.ranges[0].from: expected a number or a text, found true'],
    [ranges({ from: 1, backends: [] }), '.ranges[0].backends: expected at least one backend, found none'],
    [
      ranges({ from: 1, to: 'b', ...first }),
      '.ranges[0].to: expected a number as in the ranges before, found "b"',
    ],
    [ranges({ from: 5, to: 5, ...first }), '.ranges[0].to: expected more than `from` (5), found 5'],
    [
      ranges({ from: 1, to: 3, ...first }, { from: 2, ...first }),
      '.ranges[1]: expected a range of its own, found one that overlaps ranges[0]',
    ],
    [
      ranges({ ...first }, { from: 'a', ...first }),
      '.ranges[1]: expected a range of its own, found one that overlaps ranges[0]',
    ],
    [
      ranges({ to: 'b', ...first }, { to: 'a', ...first }),
      '.ranges[1]: expected a range of its own, found one that overlaps ranges[0]',
    ],
    [
      ranges({ backends: ['10.0.0.3:80'] }),
      '.ranges[0].backends[0]: expected a backend of this upstream, found "10.0.0.3:80"; did you mean `10.0.0.1:80`?',
    ],
  ])('%j', (scheduler, expected) => {
    const findings = findingsIn(contentWith({ upstream: { backends, scheduler } }));
    expect(findings).toEqual([expect.stringContaining(`upstreams.site.scheduler${expected}`)]);
  });
});

test('a name alone is an object without settings', () => {
  expect(resolveScheduler('random')).toEqual(resolveScheduler({ type: 'random' }));
});
