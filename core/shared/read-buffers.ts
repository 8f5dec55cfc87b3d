import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { z } from 'zod';

/** How many bytes of buffers may wait to be collected. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;

const collect = z
  .custom<(options: { type: 'minor' }) => void>((value) => typeof value === 'function')
  .parse(minorCollector());

let uncollected = 0;

/**
 * A buffer for bytes of a message that outlive the read which brought them. Counts what is allocated, and
 * has V8 collect its young objects every few MiB: buffers of 64 KiB are a handful of tiny objects
 * for V8, which by itself would let a hundred MiB of dead ones gather before it looks. The
 * collection takes a fraction of a millisecond, since there is next to nothing to keep.
 */
export function messageBuffer(bytes: number): Buffer {
  uncollected += bytes;
  if (uncollected >= COLLECT_EVERY_BYTES) {
    uncollected = 0;
    collect({ type: 'minor' });
  }
  return Buffer.allocUnsafe(bytes);
}

/** A copy of a piece that was read, to be kept after the call that brought it (`Receive`). */
export function copyOf(piece: Buffer): Buffer {
  const copy = messageBuffer(piece.length);
  piece.copy(copy);
  return copy;
}

/** V8 shows its collector only to contexts that are made while the flag is up; it is taken down so that no rule isolate sees it. */
function minorCollector(): unknown {
  setFlagsFromString('--expose-gc');
  const collector: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return collector;
}
