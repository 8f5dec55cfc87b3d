import type { BodyStream, PluginAnswer } from '../../api.ts';
import type { FieldReader } from './field-copy.ts';
import type { MemoryEntry } from './memory-entry.ts';
import type { MemoryTier } from './memory-tier.ts';
import { PurgeLog } from './purge-log.ts';
import { fromMemory, type Shape } from './serve.ts';
import type { LowerTier, Selection, StoredHead } from './stored-answer.ts';
import { variantOf } from './variants.ts';

/** A stored answer. `memory`: null where its body lies in the lower tier alone. */
export interface Found {
  readonly head: StoredHead;
  readonly memory: MemoryEntry | null;
}

/** How often a file is told that what it holds is in use. */
const TOUCH_EVERY_MS = 60_000;

/** Both tiers as one. */
export class AnswerStore {
  readonly memory: MemoryTier;
  readonly lower: LowerTier | null;
  /** Of one body in the lower tier. */
  readonly largestBelow: number;
  readonly purges = new PurgeLog();

  constructor(memory: MemoryTier, lower: LowerTier | null, largestBelow: number) {
    this.memory = memory;
    this.lower = lower;
    this.largestBelow = largestBelow;
  }

  /** In the lower tier; what memory may hold is taken up into it. */
  async findBelow(key: string, headers: FieldReader): Promise<Found | null> {
    if (this.lower === null) return null;
    const { mark } = this.purges;
    const heads = await this.lower.find(key);
    const fitting = heads.filter(({ vary, variant }) => variantOf(vary, headers) === variant);
    const [head] = fitting.sort((a, b) => b.freshness.bornAt - a.freshness.bornAt);
    if (head === undefined) return null;
    if (!this.memory.fits(head.length)) return { head, memory: null };
    const body = await this.lower.read(head);
    const bytes = body === null ? null : await readAll(body, head.length);
    if (bytes === null || this.purges.hasSince(mark, head)) return null;
    return { head, memory: this.memory.add(head, bytes) };
  }

  /** The answer of this shape; null: its body has gone. */
  async answer(
    { head, memory }: Found,
    method: string,
    shape: Shape,
    signal: AbortSignal,
  ): Promise<PluginAnswer | null> {
    if (memory !== null) return fromMemory(shape, memory);
    const { answer, span } = shape;
    if (span === null) return answer;
    // What its length is the answer says itself.
    if (method === 'HEAD') return { ...answer, body: UNREAD };
    const body = (await this.lower?.read(head, span, signal)) ?? null;
    return body === null ? null : { ...answer, body };
  }

  /** Says that an entry of memory is in use: its file is to stay, too. */
  touch(entry: MemoryEntry, now: number): void {
    if (this.lower === null || now - entry.touchedAt < TOUCH_EVERY_MS) return;
    entry.touchedAt = now;
    void this.lower.touch(entry.head);
  }

  update({ head: { id, key, variant }, memory }: Found, head: StoredHead): void {
    if (memory !== null && memory.head.id === id) this.memory.update(memory, head);
    if (head.key === key && head.variant === variant) void this.lower?.update(head);
  }

  /** Of one entry, as the backend has said something else since. */
  drop({ head, memory }: Found): void {
    if (memory !== null) this.memory.remove(memory);
    void this.lower?.remove({ key: head.key });
  }

  async remove(selection: Selection): Promise<number> {
    this.purges.add(selection);
    const inMemory = await this.memory.removeAll(selection);
    const below = (await this.lower?.remove(selection)) ?? 0;
    return Math.max(inMemory, below);
  }
}

const UNREAD: BodyStream = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

async function readAll(body: BodyStream, length: number): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  try {
    for await (const piece of body) {
      if (at + piece.length > length) return null;
      bytes.set(piece, at);
      at += piece.length;
    }
  } catch {
    return null;
  }
  return at === length ? bytes : null;
}
