import { rename, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: drains, exit status 0, no worker left, connections refused',
  async (signal) => {
    const tidegate = await runTidegate({ files: { 'tidegate.config.yaml': webConfig() }, workers: 'fake' });
    const url = await tidegate.url();
    const pids = (await statusOf(tidegate)).workers.map(({ pid }) => pid);
    tidegate.kill(signal);
    expect(await tidegate.exited).toEqual({ code: 0, signal: null });
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(askFake(url)).rejects.toThrow();
    expect((await tidegate.command('status')).status).toBe(1);
  },
);

test('SIGUSR1: the primary logs to a new file after the old one was moved away', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ more: 'log: { file: ./tidegate.log }' }) },
    workers: 'fake',
    fails: true,
  });
  const file = join(tidegate.folder, 'tidegate.log');
  await poll(async () => (await readFile(file, 'utf8')).includes('"ready"'));
  await rename(file, `${file}.1`);
  tidegate.kill('SIGUSR1');
  await poll(async () => (await readFile(file, 'utf8')).includes('log files opened anew'));
  expect(await readFile(`${file}.1`, 'utf8')).not.toContain('log files opened anew');
});
