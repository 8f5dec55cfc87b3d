import { createServer } from 'node:http';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { BackendChangeReport } from '../../../core/admin/backend-change.ts';
import { claimControlFolder, controlSocketName } from '../../../core/admin/control-socket.ts';
import { register } from '../../../core/cli/backends.ts';
import { projectFolder, runHere } from './run-cli.ts';

test('a worker that has not said that it goes by a change is a failure, though the change stands', async () => {
  await using folder = await projectFolder({ 'tidegate.config.yaml': '' });
  const socket = join(claimControlFolder(), controlSocketName(join(folder.path, 'tidegate.config.yaml')));
  const report: BackendChangeReport = {
    ok: true,
    problems: [],
    warnings: [],
    changes: ['backend 127.0.0.1:9 of site: drain'],
    workers: { asked: 2, answered: 1 },
  };
  const running = createServer((_, response) => response.end(JSON.stringify(report))).listen(socket);
  await once(running, 'listening');
  onTestFinished(async () => {
    running.close();
    await rm(socket, { force: true });
  });
  expect(await runHere(folder.path, register, 'backends', 'drain', 'site', '127.0.0.1:9')).toEqual({
    status: 1,
    stdout: 'backend 127.0.0.1:9 of site: drain\n',
    stderr: 'warning: 1 of 2 workers did not answer\n',
  });
});
