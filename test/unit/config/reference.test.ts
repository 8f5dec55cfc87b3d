import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { referenceFiles } from '../../../core/config/reference.ts';

test.each(referenceFiles().map(({ url, text }) => [basename(url.pathname), url, text] as const))(
  'docs/%s is what `node core/config/reference.ts` writes',
  async (_, url, text) => {
    expect(await readFile(url, 'utf8')).toBe(text);
  },
);

test('every key of the config has a meaning', () => {
  const page = referenceFiles().find(({ url }) => url.pathname.endsWith('.md'))?.text ?? '';
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
});
