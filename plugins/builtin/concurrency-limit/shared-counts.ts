import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { PluginSiblings } from '../../api.ts';

/** What changed in this time is told in one message. */
const TELL_EVERY_MS = 5;
/** Everything is told anew, which shows that this worker lives and mends what got lost. */
const TELL_ALL_EVERY_MS = 2000;
/** A worker that was not heard of for so long is dead, and what it had under way with it. */
const DEAD_AFTER_MS = 3 * TELL_ALL_EVERY_MS;
/** Keys of at most 64 characters: well within the 64 KiB of a message. */
const KEYS_A_MESSAGE = 200;

const message = z.object({
  from: z.string(),
  /** What was told before no longer counts. */
  anew: z.boolean(),
  counts: z.array(z.tuple([z.string(), z.number()])),
});

interface Sibling {
  heardAt: number;
  readonly counts: Map<string, number>;
}

/** How many are under way for each key in all workers of the machine, as far as they have told: some milliseconds late. */
export class SharedCounts {
  readonly #siblings: PluginSiblings;
  readonly #id = randomUUID();
  readonly #own = new Map<string, number>();
  readonly #others = new Map<string, Sibling>();
  readonly #changed = new Set<string>();
  readonly #heartbeat: NodeJS.Timeout;
  #timer: NodeJS.Timeout | null = null;
  /** Set by whoever waits for others to get fewer. */
  onFewer: (keys: Iterable<string>) => void = () => {};

  constructor(siblings: PluginSiblings) {
    this.#siblings = siblings;
    siblings.onMessage((received) => {
      const parsed = message.safeParse(received);
      if (parsed.success) this.#receive(parsed.data);
    });
    this.#heartbeat = setInterval(() => this.#beat(), TELL_ALL_EVERY_MS).unref();
    this.#tellAll();
  }

  get keys(): number {
    return this.#own.size;
  }

  of(key: string): number {
    let count = this.#own.get(key) ?? 0;
    for (const { counts } of this.#others.values()) count += counts.get(key) ?? 0;
    return count;
  }

  add(key: string, change: 1 | -1): void {
    const count = (this.#own.get(key) ?? 0) + change;
    if (count === 0) this.#own.delete(key);
    else this.#own.set(key, count);
    if (this.#siblings.workers <= 1) return;
    this.#changed.add(key);
    this.#timer ??= setTimeout(() => this.#tellChanged(), TELL_EVERY_MS).unref();
  }

  /** Nothing is under way any more. */
  close(): void {
    clearInterval(this.#heartbeat);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#own.clear();
    this.#tellAll();
  }

  #beat(): void {
    const now = performance.now();
    for (const [id, { heardAt, counts }] of this.#others) {
      if (now - heardAt < DEAD_AFTER_MS) continue;
      this.#others.delete(id);
      this.onFewer(counts.keys());
    }
    this.#tellAll();
  }

  #tellChanged(): void {
    this.#timer = null;
    const counts = [...this.#changed].map((key) => [key, this.#own.get(key) ?? 0] as const);
    this.#changed.clear();
    this.#tell(counts, false);
  }

  #tellAll(): void {
    this.#changed.clear();
    this.#tell([...this.#own], true);
  }

  #tell(counts: readonly (readonly [string, number])[], anew: boolean): void {
    if (this.#siblings.workers <= 1) return;
    for (let i = 0; i === 0 || i < counts.length; i += KEYS_A_MESSAGE) {
      const some = counts.slice(i, i + KEYS_A_MESSAGE);
      this.#siblings.send({ from: this.#id, anew: anew && i === 0, counts: some });
    }
  }

  #receive({ from, anew, counts }: z.infer<typeof message>): void {
    const known = this.#others.get(from);
    const sibling = known ?? { heardAt: 0, counts: new Map<string, number>() };
    sibling.heardAt = performance.now();
    if (known === undefined) {
      this.#others.set(from, sibling);
      // it has just come up, and knows nothing of what is under way here
      this.#tellAll();
    }
    const before = anew ? [...sibling.counts.keys()] : [];
    if (anew) sibling.counts.clear();
    for (const [key, count] of counts) {
      if (count > 0) sibling.counts.set(key, count);
      else sibling.counts.delete(key);
    }
    this.onFewer([...before, ...counts.map(([key]) => key)]);
  }
}
