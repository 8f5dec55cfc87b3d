import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { tidegateCommand, tidegateConfig } from '../peers/tidegate.ts';
import type { Child } from '../process/children.ts';
import { freePort } from '../process/free-port.ts';
import { findInTree } from '../process/process-tree.ts';
import { waitUntilAnswering } from '../process/wait-until-answering.ts';

export interface RunningTidegate {
  readonly child: Child;
  readonly port: number;
  readonly folder: string;
  /** The process id of the one worker that serves: the oldest, since Tidegate keeps another one ready to take its place. */
  workerPid(): number | null;
}

interface StartSettings {
  readonly backendPort?: number;
  /** What `listener` makes of it. */
  readonly scheme?: 'http' | 'https';
}

/** Starts a Tidegate of its own for a section, with one worker. `listener` adds to the listener's config. */
export async function startTidegate(
  bench: Bench,
  name: string,
  listener: Readonly<Record<string, unknown>>,
  { backendPort = bench.backendPort, scheme = 'http' }: StartSettings = {},
): Promise<RunningTidegate> {
  const folder = path.join(bench.folder, name);
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const config = tidegateConfig({ folder, port, backendPort, certificate: null, traffic: 'http' }, listener);
  const child = await bench.children.start(await tidegateCommand(folder, config), bench.cores.proxy);
  await waitUntilAnswering(child, port, 'Tidegate', scheme);
  return { child, port, folder, workerPid: () => findInTree(child.pid, '/core/worker/main.')[0] ?? null };
}

/** The worker's process id. @throws Error when there is no worker for five seconds. */
export async function waitForWorker(tidegate: RunningTidegate): Promise<number> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const pid = tidegate.workerPid();
    if (pid !== null) return pid;
    if (performance.now() > deadline) throw new Error(`no worker within 5 s\n${tidegate.child.output}`);
    await delay(10);
  }
}
