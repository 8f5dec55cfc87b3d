import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCli } from '../../integration/cli/run-cli.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const folder = fileURLToPath(new URL('../../../examples/plugins', import.meta.url));

test('the example project of plugins passes its check and its own tests', async () => {
  expect(await runCli(folder, 'check')).toMatchObject({ status: 0, stderr: '' });
  const tested = await runCli(folder, 'test');
  expect(tested.stdout).toContain('4 passed');
  expect(tested.status).toBe(0);
});

test('it serves: the built-in plugins and its own one', async () => {
  const backend = await startBackend();
  const read = (name: string): Promise<string> => readFile(`${folder}/${name}`, 'utf8');
  const config = (await read('tidegate.config.ts'))
    .replace('127.0.0.1:8080', '127.0.0.1:0')
    .replace('127.0.0.1:9001', backend.address);
  const tidegate = await runTidegate({
    config: 'tidegate.config.ts',
    files: {
      'tidegate.config.ts': config,
      'plugins/slow-answers.ts': await read('plugins/slow-answers.ts'),
    },
    workers: 'real',
  });
  const url = await tidegate.url();
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('server-timing')).toMatch(/^backend;dur=\d+$/);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const old = await fetch(`${url}/old/page`);
  expect([old.status, await old.text()]).toEqual([503, 'Gone for good soon.\n']);
  const many = await Promise.all(Array.from({ length: 60 }, async () => (await fetch(url)).status));
  expect(new Set(many)).toEqual(new Set([200, 429]));
});
