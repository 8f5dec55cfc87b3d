import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { linkNodeModules, projectFolder, runCli } from '../../integration/cli/run-cli.ts';

test('the starter project passes check and its own tests', async () => {
  await using parent = await projectFolder({});
  const folder = path.join(parent.path, 'new-project');
  expect(await runCli(parent.path, 'init', 'new-project')).toMatchObject({ status: 0, stderr: '' });
  await linkNodeModules(folder);

  const checked = await runCli(folder, 'check');
  expect(checked).toMatchObject({ status: 0, stderr: '' });
  expect(checked.stdout).toContain('1 listener, 2 upstreams, 1 rule script');

  const tested = await runCli(folder, 'test');
  expect(tested.stdout).toMatch(/Tests +3 passed/);
  expect(tested.status).toBe(0);
}, 60_000);

test('init writes nothing into a folder that holds something', async () => {
  await using project = await projectFolder({ 'notes.txt': 'mine' });
  const { status, stderr } = await runCli(project.path, 'init');
  expect(stderr).toContain('found notes.txt');
  expect(await readdir(project.path)).toEqual(['notes.txt']);
  expect(status).toBe(1);
});

test('init takes no file for a folder', async () => {
  await using project = await projectFolder({ notes: 'mine' });
  expect(await runCli(project.path, 'init', 'notes')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('is not a folder'),
  });
});
