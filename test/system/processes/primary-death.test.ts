import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('the workers end when the primary is killed', async () => {
  const tidegate = await runTidegate({ files: { 'tidegate.config.yaml': webConfig() }, workers: 'real' });
  const pids = (await statusOf(tidegate)).workers.map(({ pid }) => pid);
  expect(pids).toHaveLength(2);
  tidegate.kill('SIGKILL');
  await tidegate.exited;
  await poll(() => pids.every((pid) => !isAlive(pid)));
});

test('a new one can start with the same config at once', async () => {
  const tidegate = await runTidegate({ files: { 'tidegate.config.yaml': webConfig() }, workers: 'fake' });
  tidegate.kill('SIGKILL');
  await tidegate.exited;
  const again = await runTidegate({ files: {}, config: tidegate.configFile, workers: 'fake' });
  expect((await statusOf(again)).pid).toBe(again.pid);
});
