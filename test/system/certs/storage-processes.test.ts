import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileStorage } from '../../../certs/file-storage.ts';

const peerFile = fileURLToPath(new URL('../../support/storage-peer.ts', import.meta.url));
let folder: string;
let peers: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-storage-'));
});
afterEach(async () => {
  for (const peer of peers) peer.kill('SIGKILL');
  peers = [];
  await rm(folder, { recursive: true, force: true });
});

function startPeer(...args: string[]): ChildProcess {
  const peer = spawn(process.execPath, [peerFile, join(folder, 'data'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  peers.push(peer);
  return peer;
}

async function saidSomething(peer: ChildProcess): Promise<void> {
  if (peer.stdout === null) throw new Error('expected a pipe');
  await once(peer.stdout, 'data');
}

async function killed(peer: ChildProcess): Promise<void> {
  const exit = once(peer, 'exit');
  peer.kill('SIGKILL');
  await exit;
}

test('two processes that count under a lock lose no count', async () => {
  const counter = join(folder, 'counter');
  await writeFile(counter, '0');
  const both = [startPeer('add', counter, '50'), startPeer('add', counter, '50')];
  const exits = await Promise.all(both.map((peer) => once(peer, 'exit')));
  expect(exits).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(await readFile(counter, 'utf8')).toBe('100');
});

test('the lock of a process that is killed passes on at once', async () => {
  const peer = startPeer('hold');
  await saidSomething(peer);
  // So that only the missing process can be the reason.
  const storage = new FileStorage(join(folder, 'data'), { heartbeatMs: 1000, staleMs: 3_600_000 });
  await expect(storage.lock('counter', AbortSignal.timeout(300))).rejects.toThrow('timeout');
  const waiting = storage.lock('counter', AbortSignal.timeout(10_000));
  await killed(peer);
  await (
    await waiting
  )();
});

test('a process that was stopped for long has lost its lock, and takes it from nobody when it goes on', async () => {
  const peer = startPeer('hold');
  await saidSomething(peer);
  const storage = new FileStorage(join(folder, 'data'), { heartbeatMs: 100, staleMs: 1000 });
  await expect(storage.lock('counter', AbortSignal.timeout(1500))).rejects.toThrow('timeout');
  peer.kill('SIGSTOP');
  const release = await storage.lock('counter', AbortSignal.timeout(10_000));
  peer.kill('SIGCONT');
  await expect(storage.lock('counter', AbortSignal.timeout(1500))).rejects.toThrow('timeout');
  await release();
});

test('a pause of the whole machine costs no owner its lock', async () => {
  const owner = startPeer('hold', '900');
  await saidSomething(owner);
  const waiting = startPeer('wait', '900');
  await saidSomething(waiting);
  let won = false;
  waiting.stdout?.once('data', () => (won = true));
  // Nobody sees from outside that it has looked.
  await delay(300);
  for (const peer of [owner, waiting]) peer.kill('SIGSTOP');
  await delay(1500);
  // The one that waits goes on first, and must not take the silence of the other one for its death.
  waiting.kill('SIGCONT');
  await delay(300);
  owner.kill('SIGCONT');
  const storage = new FileStorage(join(folder, 'data'), { heartbeatMs: 100, staleMs: 3_600_000 });
  await expect(storage.lock('counter', AbortSignal.timeout(500))).rejects.toThrow('timeout');
  expect(won).toBe(false);
});

test('kill -9 while storing leaves the old entry or the new one, whole', async () => {
  const storage = new FileStorage(join(folder, 'data'));
  const letters = new Set<number>();
  for (let round = 0; round < 12; round += 1) {
    const peer = startPeer('write', join(folder, 'progress'));
    await saidSomething(peer);
    // A crash comes when it will.
    await delay(Math.random() * 15);
    await killed(peer);
    const value = await storage.load('certificates/x.test/rsa-2048.pem');
    const letter = value?.[0] ?? 0;
    expect(value?.equals(Buffer.alloc(300_000, letter))).toBe(true);
    letters.add(letter);
    expect(await storage.list('')).toEqual(['certificates/x.test/rsa-2048.pem']);
  }
  expect(letters.size).toBeGreaterThan(1);
  // Some were killed in the midst of it, or this shows nothing.
  expect((await readdir(join(folder, 'data', '.unfinished'))).length).toBeGreaterThan(0);
});
