import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { watchedNames } from '../../../core/primary/watched-names.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'tidegate-watch-')));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is watched within the test's own folder, relative to it. */
function watched(path: string): Record<string, string[]> {
  return Object.fromEntries(
    [...watchedNames(join(folder, path))].map(([name, names]) => [
      name.slice(folder.length + 1),
      [...names].toSorted(),
    ]),
  );
}

test('a plain file by its name in its folder', async () => {
  await writeFile(join(folder, 'a.yaml'), '');
  expect(watched('a.yaml')).toEqual({ '': ['a.yaml'] });
});

test('a missing file in its folder, a missing folder in the one above', () => {
  expect(watched('a.yaml')).toEqual({ '': ['a.yaml'] });
  expect(watched('no/where/a.yaml')).toEqual({ '': ['no'] });
});

test('every link on the way, as Kubernetes lays out a mounted ConfigMap', async () => {
  await mkdir(join(folder, '..2024'));
  await writeFile(join(folder, '..2024', 'a.yaml'), '');
  await symlink('..2024', join(folder, '..data'));
  await symlink(join('..data', 'a.yaml'), join(folder, 'a.yaml'));
  expect(watched('a.yaml')).toEqual({ '': ['..data', 'a.yaml'], '..2024': ['a.yaml'] });
});

test('a link to itself ends', async () => {
  await symlink('loop', join(folder, 'loop'));
  expect(watched('loop')).toEqual({ '': ['loop'] });
});
