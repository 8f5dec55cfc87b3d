import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { loadGenerator } from './load/load.ts';
import { findProgram } from './process/find-program.ts';

/** The facts about this machine that the numbers depend on, one a line. */
export function machineFacts(cores: {
  readonly proxy: number | null;
  readonly load: number | null;
}): string[] {
  const cpus = os.cpus();
  return [
    `Processor: ${cpus[0]?.model ?? 'unknown'}, ${cpus.length} cores`,
    `Memory: ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    `System: ${os.type()} ${os.release().split('-')[0] ?? ''} ${os.arch()}`,
    `Node ${process.versions.node}, V8 ${process.versions.v8}`,
    `Load generator: ${loadGenerator}; backend: ${findProgram('nginx') === null ? 'node:http' : 'nginx'}`,
    cores.proxy === null
      ? 'Not pinned: proxy, load generator and backend shared the cores'
      : `Pinned: the proxy on core ${cores.proxy}, load generator and backend on core ${cores.load}`,
    `Load average when the run began: ${os.loadavg()[0]?.toFixed(2)}`,
  ];
}

/** Where the proxy and where the rest runs: the first two cores that this process may use. */
export function chooseCores(): { proxy: number | null; load: number | null } {
  const [proxy, load] = allowedCores();
  if (proxy === undefined || load === undefined || findProgram('taskset') === null)
    return { proxy: null, load: null };
  return { proxy, load };
}

/** Keeps the bench itself (probes, samplers) off the proxy's core. */
export function pinThisProcess(core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(process.pid)], {
    stdio: 'ignore',
  });
}

function allowedCores(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [first, last] = part.split('-').map(Number);
    if (first === undefined) return [];
    return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);
  });
}
