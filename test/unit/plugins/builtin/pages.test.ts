import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { BUILTIN_PLUGINS } from '../../../../core/shared/builtin-plugins.ts';
import { BUILTINS } from '../../../../plugins/builtin/index.ts';

const pageOf = (name: string): string =>
  fileURLToPath(new URL(`../../../../docs/plugins/${name}.md`, import.meta.url));

test.each(BUILTIN_PLUGINS)('the page of %s names all of its options', async (name) => {
  expect(existsSync(pageOf(name))).toBe(true);
  const page = readFileSync(pageOf(name), 'utf8');
  const { options } = (await BUILTINS[name]()).default;
  const keys = options instanceof z.ZodObject ? Object.keys(options.shape) : [];
  // As `key`, or as what is below it: `key.other`, `key[].other`.
  expect(keys.filter((key) => !new RegExp(`\`${key}[\`.\\[]`).test(page))).toEqual([]);
});
