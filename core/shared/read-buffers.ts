import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { z } from 'zod';

/** How many bytes of read buffers may wait to be collected. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;

const collect = z
  .custom<(options: { type: 'minor' }) => void>((value) => typeof value === 'function')
  .parse(minorCollector());

let uncollected = 0;

/**
 * Counts what was read of bodies, and has V8 collect its young objects every few MiB. Node reads into a
 * new 64 KiB buffer each time, a handful of tiny objects for V8, which by itself would let a hundred
 * MiB of dead buffers gather before it looks. The collection takes a fraction of a millisecond, since there is next to nothing to keep.
 */
export function noteBodyRead(bytes: number): void {
  uncollected += bytes;
  if (uncollected < COLLECT_EVERY_BYTES) return;
  uncollected = 0;
  collect({ type: 'minor' });
}

/** V8 shows its collector only to contexts that are made while the flag is up; it is taken down so that no rule isolate sees it. */
function minorCollector(): unknown {
  setFlagsFromString('--expose-gc');
  const collector: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return collector;
}
