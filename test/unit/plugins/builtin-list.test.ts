import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUILTIN_PLUGINS } from '../../../core/shared/builtin-plugins.ts';
import { BUILTINS } from '../../../plugins/builtin/index.ts';
import * as publicEntry from '../../../plugins/index.ts';

const names = [...BUILTIN_PLUGINS].toSorted();

test('every name that a config may use has its module, and the other way round', () => {
  expect(Object.keys(BUILTINS).toSorted()).toEqual(names);
});

test.each(names)('%s goes by its name, and has its function for configs', async (name) => {
  const { default: plugin } = await BUILTINS[name]();
  expect(plugin.name).toBe(name);
  const factory = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  expect(Object.entries(publicEntry).find(([exported]) => exported === factory)).toBeDefined();
});

test('docs/plugins.md lists all of them', () => {
  const page = readFileSync(new URL('../../../docs/plugins.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^- \[`(?<name>[\w-]+)`\]\(plugins\//gm)].map(
    ({ groups }) => groups?.['name'],
  );
  expect(new Set(listed)).toEqual(new Set(names));
});
