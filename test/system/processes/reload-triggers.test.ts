import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { script, webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { runTidegate, sharedTidegate } from '../../support/tidegate-process.ts';

/** A rule script that imports another. */
const importing = (text: string): string =>
  `import { text } from './text.ts';\n${script(text).replace('respond(', 'respond(text + ')}`;

const shared = sharedTidegate({
  files: {
    'tidegate.config.yaml': webConfig({ rules: './site.ts' }),
    'site.ts': importing('first'),
    'text.ts': `export const text = 'one';\n`,
  },
  workers: 'fake',
});

async function served(): Promise<number> {
  return (await askFake(await shared().url())).version;
}

test('SIGHUP', async () => {
  const before = await served();
  const reloaded = shared().nextLine('reloaded');
  shared().kill('SIGHUP');
  expect(await reloaded).toMatchObject({ trigger: 'signal', version: before + 1 });
  expect(await served()).toBe(before + 1);
});

test('tidegate reload: exit status 0, and says what changed', async () => {
  const before = await served();
  const result = await shared().command('reload');
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(result.stdout).toContain(`version ${before + 1}`);
  expect(await served()).toBe(before + 1);
});

test.each([
  {
    name: 'the config file',
    file: 'tidegate.config.yaml',
    text: webConfig({ rules: './site.ts', upstreams: ['more'] }),
    change: 'more',
  },
  { name: 'a rule script', file: 'site.ts', text: importing('new'), change: 'site.ts' },
  {
    name: 'a file that the rule script imports',
    file: 'text.ts',
    text: `export const text = 'two';\n`,
    change: 'site.ts',
  },
])('a change of $name', async ({ file, text, change }) => {
  const version = (await served()) + 1;
  const reloaded = shared().nextLine('reloaded');
  await shared().write(file, text);
  const line = await reloaded;
  expect(line).toMatchObject({ trigger: 'file', version });
  expect(JSON.stringify(line['changes'])).toContain(change);
});

test('a file that an editor replaces by rename, twice', async () => {
  for (const time of ['once', 'twice']) {
    const reloaded = shared().nextLine('reloaded');
    await shared().write('site.ts', importing(time));
    await reloaded;
  }
});

test('a file that is written where it is', async () => {
  const reloaded = shared().nextLine('reloaded', ({ changes }) =>
    JSON.stringify(changes).includes('site.ts'),
  );
  await writeFile(join(shared().folder, 'site.ts'), importing('in place'));
  await reloaded;
});

test('a mounted folder whose link is swapped, as Kubernetes does it', async () => {
  const tidegate = await runTidegate({
    files: {
      '..1/tidegate.config.yaml': webConfig({ rules: './site.ts' }),
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
  const { folder } = shared();
  const changed = shared().nextLine('files changed');
  await shared().write('text.ts', await readFile(join(folder, 'text.ts'), 'utf8'));
  // Both are looked at together, and only this one is news.
  await shared().write('site.ts', importing('news'));
  expect(await changed).toMatchObject({ files: [join(folder, 'site.ts')] });
});
