import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { probe } from './probe.ts';

async function program(text: string): Promise<{ file: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-command-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'check.sh');
  await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return { file, folder };
}

function run(file: string, ...args: string[]): ReturnType<typeof probe> {
  return probe('10.0.0.1:5432', { type: 'command', command: [file, ...args], timeout: '1s' });
}

test('exit status 0 is up, every other one down, with what it says', async () => {
  const { file } = await program('echo "replica lag: $1"; exit "$2"');
  expect(await run(file, '3 s', '0')).toEqual({ ok: true, reason: 'exit status 0: replica lag: 3 s' });
  expect(await run(file, '9 s', '2')).toEqual({ ok: false, reason: 'exit status 2: replica lag: 9 s' });
});

test('arguments pass no shell', async () => {
  const { file } = await program('printf "%s" "$1"');
  expect(await run(file, '$(id); `id` && exit 1')).toEqual({
    ok: true,
    reason: 'exit status 0: $(id); `id` && exit 1',
  });
});

test('gets the backend in its environment, and nothing of the environment of the proxy', async () => {
  const { file } = await program(
    'test -n "$PATH" && env | sort | grep -v -e ^PATH= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | tr "\\n" " "',
  );
  process.env['SECRET_OF_THE_PROXY'] = '1';
  onTestFinished(() => void delete process.env['SECRET_OF_THE_PROXY']);
  const { reason } = await probe('10.0.0.1:5432', {
    type: 'command',
    command: [file],
    port: 99,
    timeout: '1s',
  });
  expect(reason).toBe(
    'exit status 0: TIDEGATE_BACKEND=10.0.0.1:5432 TIDEGATE_HOST=10.0.0.1 TIDEGATE_PORT=99 TIDEGATE_UPSTREAM=site',
  );
});

test('one that does not end is killed, with what it has started', async () => {
  const { file, folder } = await program('sleep 60 & echo $! > "$(dirname "$0")/child"; wait');
  expect(await run(file)).toEqual({ ok: false, reason: 'did not end within 1000 ms' });
  const child = Number(await readFile(join(folder, 'child'), 'utf8'));
  await poll(() => !isAlive(child));
});

test('output is read to its end, and a little of it kept', async () => {
  const { file } = await program('head -c 500000 /dev/zero | tr "\\0" x');
  const { ok, reason } = await probe('10.0.0.1:5432', { type: 'command', command: [file], timeout: '10s' });
  expect([ok, reason]).toEqual([true, `exit status 0: ${'x'.repeat(200)}`]);
});

test('one that cannot be run says nothing of the backend', async () => {
  expect(await run('/no/such/program')).toEqual({
    ok: null,
    reason: 'cannot be checked: spawn /no/such/program ENOENT',
  });
});
