import { expect, test } from 'vitest';
import { projectFolder, runCli } from './run-cli.ts';

test('test says how to get vitest where there is none', async () => {
  await using project = await projectFolder({ 'tidegate.config.yaml': '' });
  const { status, stderr } = await runCli(project.path, 'test');
  expect(stderr).toContain('npm install --save-dev vitest');
  expect(status).toBe(1);
});
