import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A process, told apart from all others that ever had its number. */
export interface LockOwner {
  /** Where numbers of processes mean the same: the machine since its start, and the container. */
  readonly where: string;
  readonly pid: number;
  /** When it started, in the system's own unit; null where the system does not say. */
  readonly started: string | null;
}

let known: Promise<LockOwner> | null = null;

/** This process. */
export function ourselves(): Promise<LockOwner> {
  known ??= describe();
  return known;
}

async function describe(): Promise<LockOwner> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const container = await readlink('/proc/self/ns/pid').catch(() => '');
  return {
    where: [hostname(), boot.trim(), container].join(' '),
    pid: process.pid,
    started: (await processState(process.pid))?.started ?? null,
  };
}

/** null: it was not written by such a process, or not to the end. */
export function parseOwner(text: string): LockOwner | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    if (!('where' in value && 'pid' in value && 'started' in value)) return null;
    const { where, pid, started } = value;
    if (typeof where !== 'string' || typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1)
      return null;
    if (started !== null && typeof started !== 'string') return null;
    return { where, pid, started };
  } catch {
    return null;
  }
}

/** Only what is certain: of a process elsewhere nothing is known from here. */
export async function isDead(owner: LockOwner): Promise<boolean> {
  const us = await ourselves();
  if (owner.where !== us.where) return false;
  if (!exists(owner.pid)) return true;
  const state = await processState(owner.pid);
  if (state === null) return false;
  // One that ended and was not waited for, or another one that got its number.
  return state.ended || (owner.started !== null && owner.started !== state.started);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** proc_pid_stat(5): behind the name in brackets comes the state, and 19 fields on the time of the start. */
async function processState(pid: number): Promise<{ ended: boolean; started: string } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  if (state === undefined || started === undefined) return null;
  return { ended: state === 'Z' || state === 'X', started };
}
