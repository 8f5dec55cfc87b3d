import type { PluginAnswer } from '../../api.ts';
import type { Queued } from './fifo-queue.ts';
import type { StoredHead } from './stored-answer.ts';

/** What an entry costs beside its text and its body: objects, and its places in the index and the queue. Measured, as is that of a field. */
const OVERHEAD_BYTES = 1024;
const FIELD_BYTES = 88;

/** A stored answer that is in memory. */
export class MemoryEntry implements Queued {
  head: StoredHead;
  readonly body: Buffer;
  readonly bytes: number;
  before: this | null = null;
  behind: this | null = null;
  /** Whether it stands in the queue of those that have proved their use. */
  isProved = false;
  /** How often it was used since it was looked at for its place, up to 3. */
  uses = 0;
  /** Until when the backend is left alone about it: it has just failed. */
  restUntil = 0;
  /** When its file was told last that it is in use. */
  touchedAt = Date.now();
  /** Whether it is asked for in the background. */
  isRefreshing = false;
  /** The whole answer as it is given out in one second; null: not made yet. */
  ready: { readonly second: number; readonly answer: PluginAnswer } | null = null;

  constructor(head: StoredHead, body: Buffer) {
    this.head = head;
    this.body = body;
    this.bytes = OVERHEAD_BYTES + body.length + textBytesOf(head);
  }
}

/** A character is a byte, as most are. */
function textBytesOf({ key, variant, fields, tags, origin }: StoredHead): number {
  let bytes = 2 * key.length + variant.length;
  for (const [name, value] of [...fields, ...(origin?.headers ?? [])])
    bytes += FIELD_BYTES + name.length + value.length;
  for (const tag of tags) bytes += tag.length;
  return bytes;
}
