import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { probe } from '../health/probe.ts';

/** Runs a script as a check; `$folder` is a folder of its own. */
async function run(script: string, timeout: string): Promise<{ reason: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-command-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'check.sh');
  await writeFile(file, `#!/bin/sh\nfolder=${folder}\n${script}\n`, { mode: 0o755 });
  const check = { type: 'command', command: [file], timeout, interval: '60s' };
  const { ok, reason } = await probe('10.0.0.1:5432', check);
  expect(ok).toBe(false);
  return { reason, folder };
}

async function pidsIn(folder: string): Promise<number[]> {
  const text = await readFile(join(folder, 'pids'), 'utf8');
  return text.trim().split('\n').map(Number);
}

test('a command that prints without end is ended after 1 MiB, long before its time is over', async () => {
  const { reason, folder } = await run('echo $$ > $folder/pids; exec yes', '60s');
  expect(reason).toBe('prints more than 1 MiB');
  const [pid = 0] = await pidsIn(folder);
  await poll(() => !isAlive(pid));
});

test('a command that starts others without end is ended with all of them', async () => {
  const script = 'while :; do sleep 60 & echo $! >> $folder/pids; sleep 0.02; done';
  const { reason, folder } = await run(script, '500ms');
  expect(reason).toBe('did not end within 500 ms');
  const pids = await pidsIn(folder);
  expect(pids.length).toBeGreaterThan(1);
  await poll(() => !pids.some(isAlive));
});

test('what a command leaves behind is ended with it', async () => {
  const { folder } = await run('sleep 60 & echo $! > $folder/pids; exit 1', '60s');
  const [pid = 0] = await pidsIn(folder);
  await poll(() => !isAlive(pid));
});
