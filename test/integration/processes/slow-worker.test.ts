import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { loadConfig } from '../../../core/config/load.ts';
import { distribute } from '../../../core/primary/distribute.ts';
import type { LivePlan } from '../../../core/primary/live-plan.ts';
import { WorkerProcess } from '../../../core/primary/worker-process.ts';
import { webConfig } from '../../support/configs.ts';

async function startWorker(): Promise<WorkerProcess> {
  const worker = new WorkerProcess({
    module: new URL('../../support/fake-worker.ts', import.meta.url),
    identity: null,
    traceRules: false,
    onSendError: () => undefined,
  });
  onTestFinished(async () => {
    worker.kill('SIGKILL');
    await worker.exited;
  });
  await worker.online();
  return worker;
}

/** A plan without listeners; the upstreams' names say how the fake worker takes it. */
async function plan(version: number, ...upstreams: string[]): Promise<LivePlan> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-plan-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'tidegate.config.yaml');
  await writeFile(file, webConfig({ upstreams }));
  const loaded = await loadConfig(file);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return {
    plan: {
      version,
      config: { ...loaded.config, listeners: [] },
      rules: [],
      listenerRules: {},
      listenerShadows: {},
      plugins: [],
    },
    sockets: new Map(),
  };
}

test('a worker that does not prepare in time makes all roll back, and takes the next snapshot', async () => {
  const workers = await Promise.all([startWorker(), startWorker()]);
  const options = { timeoutMs: 500, death: 'refusal' } as const;
  const late = await distribute(workers, await plan(1, 'hang'), options);
  expect(late).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('did not prepare'), expect.stringContaining('did not prepare')],
  });
  expect(workers.map(({ committed }) => committed)).toEqual([null, null]);
  expect(await distribute(workers, await plan(2), { ...options, timeoutMs: 10_000 })).toEqual({
    ok: true,
    lost: 0,
  });
  expect(workers.map(({ committed }) => committed?.version)).toEqual([2, 2]);
});

test("a worker that dies is a refusal of a new config, but does not stop a script's removal from the others", async () => {
  const [first, second] = await Promise.all([startWorker(), startWorker()]);
  first.kill('SIGKILL');
  await first.exited;
  const refused = await distribute([first, second], await plan(1), { timeoutMs: 10_000, death: 'refusal' });
  expect(refused).toMatchObject({ ok: false, problems: [expect.stringContaining('SIGKILL')] });
  expect(await distribute([first, second], await plan(2), { timeoutMs: 10_000, death: 'loss' })).toEqual({
    ok: true,
    lost: 1,
  });
  expect(second.committed?.version).toBe(2);
});
