import { execFileSync } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { configFolder } from '../../support/config-folder.ts';

const yaml = (listener: string): string => `listeners: [{ name: a, address: ":80"${listener} }]\n`;

async function problems(file: string): Promise<readonly string[]> {
  const loaded = await loadConfig(file);
  return loaded.ok ? [] : loaded.problems.map(({ message }) => message);
}

async function pipe(): Promise<string> {
  const file = join(await configFolder({}), 'pipe.yaml');
  execFileSync('mkfifo', [file]);
  return file;
}

test('a config that is a pipe is refused, and not waited for', async () => {
  const expected = ['expected a config file, found a pipe, where only regular files are read'];
  const file = await pipe();
  expect(await problems(file)).toEqual(expected);
  const link = `${file}.link.yaml`;
  await symlink(file, link);
  expect(await problems(link)).toEqual(expected);
});

test('a device is refused', async () => {
  expect(await problems('/dev/zero')).toEqual([
    'expected a config file, found a device, where only regular files are read',
  ]);
});

test('an error page and a rule script that are pipes are refused', async () => {
  const file = await pipe();
  const config = join(await configFolder({}), 'c.yaml');
  await writeFile(config, yaml(`, rules: ${file}, errorPages: { 404: ${file} }`));
  expect(await problems(config)).toEqual([
    `expected a rule script, found a pipe, where only regular files are read: ${file}`,
    `expected an error page, found a pipe, where only regular files are read: ${file}`,
  ]);
});

test('a link to a regular file is read', async () => {
  const folder = await configFolder({ 'real.yaml': yaml('') });
  await symlink('real.yaml', join(folder, 'link.yaml'));
  expect(await problems(join(folder, 'link.yaml'))).toEqual([]);
});
