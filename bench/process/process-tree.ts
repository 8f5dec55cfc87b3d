import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of the process and of its children that ended and were waited for, in clock ticks. */
  readonly ticks: number;
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** One process as /proc describes it, or null when it is gone. */
function readStat(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The command in parentheses may hold anything, so count the fields from its closing one: proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid, parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}

/** The process and all its living descendants. */
function processTree(root: number): ProcessStat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null);
  const tree = all.filter((stat) => stat.pid === root);
  for (const member of tree) tree.push(...all.filter((stat) => stat.parent === member.pid));
  return tree;
}

/** User and system CPU time of a whole process tree so far, its ended and reaped children included, in microseconds. */
export function cpuMicroseconds(root: number): number {
  const ticks = processTree(root).reduce((sum, stat) => sum + stat.ticks, 0);
  return (ticks / ticksPerSecond) * 1e6;
}

/** Living descendants (and the root itself) whose command line contains `text`. */
export function findInTree(root: number, text: string): number[] {
  return processTree(root)
    .map((stat) => stat.pid)
    .filter((pid) => commandLine(pid).includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Resident memory of one process in bytes; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
