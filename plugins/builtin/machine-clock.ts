import { hrtime } from 'node:process';

const offset = Number(hrtime.bigint() / 1000n) / 1000 - performance.now();

/** Milliseconds of the machine's monotonic clock: the same in all of its processes, which compare what they counted by it. */
export function machineNow(): number {
  return offset + performance.now();
}
