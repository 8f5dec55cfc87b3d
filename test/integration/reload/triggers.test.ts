import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { script, webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const files = {
  'tidegate.config.yaml': webConfig({ rules: './site.ts' }),
  'site.ts': `import { text } from './text.ts';\n${script('').replace('respond("")', 'respond(text)')}`,
  'text.ts': `export const text = 'one';\n`,
};

test('SIGHUP', async () => {
  const tidegate = await runTidegate({ files, workers: 'fake' });
  tidegate.kill('SIGHUP');
  expect(await tidegate.line('reloaded')).toMatchObject({ trigger: 'signal', version: 2 });
  expect((await askFake(await tidegate.url())).version).toBe(2);
});

test('tidegate reload: exit status 0, and says what changed', async () => {
  const tidegate = await runTidegate({ files, workers: 'fake' });
  const result = await tidegate.command('reload');
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(result.stdout).toContain('version 2');
  expect((await askFake(await tidegate.url())).version).toBe(2);
});

test.each([
  {
    name: 'the config file',
    file: 'tidegate.config.yaml',
    text: webConfig({ rules: './site.ts', upstreams: ['more'] }),
    change: 'more',
  },
  { name: 'a rule script', file: 'site.ts', text: script('new'), change: 'site.ts' },
  {
    name: 'a file that the rule script imports',
    file: 'text.ts',
    text: `export const text = 'two';\n`,
    change: 'site.ts',
  },
])('a change of $name', async ({ file, text, change }) => {
  const tidegate = await runTidegate({ files, workers: 'fake' });
  await tidegate.write(file, text);
  const line = await tidegate.line('reloaded');
  expect(line).toMatchObject({ trigger: 'file', version: 2 });
  expect(JSON.stringify(line['changes'])).toContain(change);
});

test('a file that an editor replaces by rename, twice', async () => {
  const tidegate = await runTidegate({ files, workers: 'fake' });
  for (const version of [2, 3]) {
    await tidegate.write('site.ts.tmp', script(`version ${version}`));
    await rename(join(tidegate.folder, 'site.ts.tmp'), join(tidegate.folder, 'site.ts'));
    await tidegate.line('reloaded', (line) => line['version'] === version);
  }
});

test('a mounted folder whose link is swapped, as Kubernetes does it', async () => {
  const tidegate = await runTidegate({
    files: {
      '..1/tidegate.config.yaml': files['tidegate.config.yaml'],
      '..1/site.ts': script('one'),
      '..2/site.ts': script('two'),
    },
    config: 'tidegate.config.yaml',
    workers: 'fake',
    prepare: async (folder) => {
      await symlink('..1', join(folder, '..data'));
      for (const name of ['tidegate.config.yaml', 'site.ts'])
        await symlink(`..data/${name}`, join(folder, name));
    },
  });
  await writeFile(join(tidegate.folder, '..2/tidegate.config.yaml'), await readFile(tidegate.configFile));
  await symlink('..2', join(tidegate.folder, '..data_tmp'));
  await rename(join(tidegate.folder, '..data_tmp'), join(tidegate.folder, '..data'));
  await rm(join(tidegate.folder, '..1'), { recursive: true });
  await tidegate.line('reloaded', (line) => JSON.stringify(line['changes']).includes('site.ts'));
});

test('a folder that is moved away and replaced', async () => {
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': webConfig({ rules: './rules/site.ts' }),
      'rules/site.ts': script('one'),
    },
    workers: 'fake',
  });
  const folder = join(tidegate.folder, 'rules');
  await mkdir(`${folder}.new`);
  await writeFile(join(`${folder}.new`, 'site.ts'), script('two'));
  await rename(folder, `${folder}.old`);
  await rename(`${folder}.new`, folder);
  await tidegate.line('reloaded', (line) => line['version'] === 2);
  await tidegate.write('rules/site.ts', script('three'));
  await tidegate.line('reloaded', (line) => line['version'] === 3);
});

test('the same content again is no change', async () => {
  const tidegate = await runTidegate({ files, workers: 'fake' });
  await tidegate.write('text.ts', files['text.ts']);
  // Both are looked at together, and only this one is news.
  await tidegate.write('site.ts', script('new'));
  expect(await tidegate.line('files changed')).toMatchObject({ files: [join(tidegate.folder, 'site.ts')] });
});
