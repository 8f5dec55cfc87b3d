import type { PluginAnswer } from '../../api.ts';
import type { Queued } from './fifo-queue.ts';
import { isWholeUrl } from './selected.ts';
import type { StoredHead } from './stored-answer.ts';

/** What an entry costs beside its text and its body: objects, and its places in the index and the queue. Measured, as is that of a field. */
const OVERHEAD_BYTES = 1024;
const FIELD_BYTES = 88;
const INDEX_BYTES = 512;

/** A stored answer that is in memory. */
export class MemoryEntry implements Queued {
  readonly body: Buffer;
  #head: StoredHead;
  #bytes: number;
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
    this.body = body;
    this.#head = own(head);
    this.#bytes = this.#count();
  }

  get head(): StoredHead {
    return this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of the same body. */
  set head(head: StoredHead) {
    this.#head = own(head);
    this.#bytes = this.#count();
    this.ready = null;
  }

  #count(): number {
    return OVERHEAD_BYTES + this.body.length + textBytesOf(this.#head);
  }
}

/** A copy: a value that was cut out of a message's head holds all of it in memory, and a client may make that large. */
function own(head: StoredHead): StoredHead {
  return structuredClone(head);
}

/** A character is a byte, as most are. */
function textBytesOf({ key, variant, fields, tags, origin }: StoredHead): number {
  let bytes = 2 * key.length + variant.length;
  // It stands under its URL, too.
  if (!isWholeUrl(key)) bytes += INDEX_BYTES + key.length;
  for (const [name, value] of [...fields, ...(origin?.headers ?? [])])
    bytes += FIELD_BYTES + name.length + value.length;
  for (const tag of tags) bytes += tag.length;
  return bytes;
}
