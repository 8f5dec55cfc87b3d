import { messageBuffer } from '../shared/read-buffers.ts';
import { READ_BYTES } from '../shared/socket-input.ts';

/** How many a process lends at a time: a connection that has nothing to read, or whose receiver takes nothing, keeps the one that it was lent. */
const MOST = 64;

const free: Buffer[] = [];
let lent = 0;

/**
 * A buffer to read into for one connection in the midst of a large transfer: what is read into it can be written as it is, while
 * what is read into the shared one has to be copied first. null: all are lent.
 */
export function lendBuffer(): Buffer | null {
  if (lent === MOST) return null;
  lent += 1;
  return free.pop() ?? messageBuffer(READ_BYTES);
}

/** @param inUse whether a write that waits still has it, which keeps it then */
export function takeBack(buffer: Buffer, inUse: boolean): void {
  lent -= 1;
  if (!inUse) free.push(buffer);
}
