import { expect, test } from 'vitest';
import { requestBackendChange } from '../../../core/admin/client.ts';
import { webConfig } from '../../support/configs.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('a worker that dies before it has answered is no worker that goes by something else', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ more: 'workerTimeout: 1s' }) },
    workers: 'fake',
  });
  const [stopped] = (await statusOf(tidegate)).workers;
  process.kill(stopped?.pid ?? 0, 'SIGSTOP');
  const change = { action: 'drain', upstream: 'site', backend: '127.0.0.1:9' } as const;
  expect(await requestBackendChange(tidegate.configFile, change)).toMatchObject({
    ok: true,
    workers: { asked: 1, answered: 1 },
  });
});
