import { readFileSync } from 'node:fs';

/** Whether a process runs; one that has ended and was not waited for yet does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
