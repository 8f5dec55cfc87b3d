import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DROP_REASONS } from '../../../core/layer4/connection-counters.ts';
import { END_REASONS } from '../../../core/layer4/connection-entry.ts';
import { connectionEntry } from '../access-log/support.ts';

const page = readFileSync(new URL('../../../docs/logs.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('### Connections'), page.indexOf('### Both formats'));

test('docs/logs.md lists every reason for the end of a connection, and no other', () => {
  const table = section.slice(section.indexOf('`end`:'));
  const documented = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, reason]) => reason);
  expectSame(documented, END_REASONS);
});

test('and every field of its entry', () => {
  const table = section.slice(0, section.indexOf('`end`:'));
  const names = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expectSame(names, Object.keys(connectionEntry));
});

test('docs/operations.md lists every reason for which a datagram is dropped, and no other', () => {
  const operations = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const table = operations.slice(operations.indexOf('| Reason |'), operations.indexOf('Commands find'));
  const documented = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, reason]) => reason);
  expectSame(documented, DROP_REASONS);
});

function expectSame(documented: readonly (string | undefined)[], inCode: readonly string[]): void {
  expect(new Set(documented)).toEqual(new Set(inCode));
  expect(documented).toHaveLength(inCode.length);
}
