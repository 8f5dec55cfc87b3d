import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCli } from '../../integration/cli/run-cli.ts';

const folderOf = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));

test.each(['tcp-databases', 'dns', 'one-port'])('the example %s passes its check', async (name) => {
  expect(await runCli(folderOf(name), 'check')).toMatchObject({ status: 0, stderr: '' });
});

test('the rule of one port for several protocols passes its own tests', async () => {
  const { stdout, status } = await runCli(folderOf('one-port'), 'test');
  expect(stdout).toContain('9 passed');
  expect(status).toBe(0);
});
