import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { WorkerProcess } from '../../../core/primary/worker-process.ts';

/** A worker that has named a script, as one does that traces its rules or whose guard ends it. */
async function startWorker(): Promise<WorkerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-worker-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const module = join(folder, 'worker.mjs');
  await writeFile(
    module,
    `import { writeSync } from 'node:fs';
    writeSync(4, '{"ruleId":"a"}\\n');
    process.on('message', () => undefined);
    process.send({ type: 'online' });`,
  );
  const worker = new WorkerProcess({
    module: pathToFileURL(module),
    identity: null,
    traceRules: true,
    onSendError: () => undefined,
  });
  onTestFinished(() => worker.kill('SIGKILL'));
  await worker.online();
  return worker;
}

test('no script is to blame for a worker that the primary killed, whatever it ran last', async () => {
  const worker = await startWorker();
  worker.kill('SIGKILL');
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', lastRuleId: null });
});

test('one is for a worker that was killed from elsewhere', async () => {
  const worker = await startWorker();
  process.kill(worker.pid, 'SIGKILL');
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', lastRuleId: 'a' });
});
