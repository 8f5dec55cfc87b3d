import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { END_REASONS } from '../../../core/layer4/connection-entry.ts';
import { connectionEntry } from '../access-log/support.ts';

const page = readFileSync(new URL('../../../docs/logs.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('### Connections'), page.indexOf('### Both formats'));

test('docs/logs.md lists every reason for the end of a connection, and no other', () => {
  const table = section.slice(section.indexOf('`end`:'));
  const documented = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, reason]) => reason);
  expect(documented.toSorted()).toEqual(END_REASONS.toSorted());
});

test('and every field of its entry', () => {
  const table = section.slice(0, section.indexOf('`end`:'));
  const names = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(names.toSorted()).toEqual(Object.keys(connectionEntry).toSorted());
});
