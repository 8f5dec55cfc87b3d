import { expect, onTestFinished, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const silent = 'a worker does not answer and is killed';

test('a stopped worker is replaced, the others serve meanwhile, and a reload goes through', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ workers: 2, more: 'workerTimeout: 1500ms' }) },
    workers: 'real',
  });
  const url = await tidegate.url();
  const [first, second] = (await statusOf(tidegate)).workers.map(({ pid }) => pid);
  if (first === undefined || second === undefined) throw new Error('two workers expected');

  process.kill(first, 'SIGSTOP');
  onTestFinished(() => {
    if (isAlive(first)) process.kill(first, 'SIGKILL');
  });
  const reload = tidegate.command('reload');
  // Nothing answers at the backend's port.
  expect((await fetch(url, { headers: { connection: 'close' } })).status).toBe(502);
  expect(isAlive(first)).toBe(true);

  expect(await reload).toMatchObject({ status: 0, stderr: '' });
  expect(await tidegate.line(silent)).toMatchObject({ worker: first, timeoutMs: 1500, level: 'error' });
  const workers = await poll(async () => {
    const status = await statusOf(tidegate);
    return status.workers.length === 2 ? status.workers : null;
  });
  expect(workers.map(({ snapshotVersion }) => snapshotVersion)).toEqual([2, 2]);
  expect(workers.map(({ pid }) => pid)).toContain(second);
  expect(tidegate.lines.filter(({ msg }) => msg === silent)).toHaveLength(1);
});

test('a reload waits for the replacement of the only worker', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ workers: 1, more: 'workerTimeout: 1s' }) },
    workers: 'fake',
  });
  const url = await tidegate.url();
  const { pid } = await askFake(url);
  process.kill(pid, 'SIGSTOP');
  expect(await tidegate.command('reload')).toMatchObject({ status: 0, stderr: '' });
  const answer = await askFake(url);
  expect(answer.pid).not.toBe(pid);
  expect(answer.version).toBe(2);
  expect(isAlive(pid)).toBe(false);
});
