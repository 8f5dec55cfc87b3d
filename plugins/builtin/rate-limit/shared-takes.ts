import { z } from 'zod';
import type { PluginSiblings } from '../../api.ts';
import type { KeyTable } from './key-table.ts';

/** What was given in this time is told in one message. */
const TELL_EVERY_MS = 5;
/** Of at most 64 characters: well within the 64 KiB of a message. */
const KEYS_A_MESSAGE = 200;
/** How many keys a worker that comes up is told of by each other one. */
const KEYS_FOR_NEWCOMER = 10_000;

const message = z.union([
  z.object({ taken: z.array(z.tuple([z.string(), z.number()])) }),
  z.object({ used: z.array(z.tuple([z.string(), z.array(z.array(z.number()))])) }),
  z.object({ hello: z.literal(true) }),
]);

/**
 * Keeps the tables of all workers of the machine the same. Each one has every key's whole limit and tells the others what it has
 * given, some milliseconds later; what was given twice in between is a debt, so that over time the rate is exact. A worker that
 * comes up asks the others what is used, so that it starts with no limit anew; one that dies takes nothing along but its last milliseconds.
 */
export class SharedTakes {
  readonly #siblings: PluginSiblings;
  readonly #table: KeyTable;
  readonly #now: () => number;
  #untold = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(siblings: PluginSiblings, table: KeyTable, now: () => number) {
    this.#siblings = siblings;
    this.#table = table;
    this.#now = now;
    siblings.onMessage((received) => {
      const parsed = message.safeParse(received);
      if (parsed.success) this.#receive(parsed.data);
    });
    if (siblings.workers > 1) siblings.send({ hello: true });
  }

  /** One was given for this key. */
  add(key: string): void {
    if (this.#siblings.workers <= 1) return;
    this.#untold.set(key, (this.#untold.get(key) ?? 0) + 1);
    this.#timer ??= setTimeout(() => this.#tell(), TELL_EVERY_MS).unref();
  }

  close(): void {
    this.#tell();
  }

  #tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const untold = [...this.#untold];
    this.#untold = new Map();
    for (const taken of inMessages(untold)) this.#siblings.send({ taken });
  }

  #receive(received: z.infer<typeof message>): void {
    const now = this.#now();
    if ('taken' in received) {
      for (const [key, count] of received.taken) {
        for (const counter of this.#table.get(key, now)) counter.take(now, count);
      }
    } else if ('used' in received) {
      for (const [key, states] of received.used) {
        for (const [i, counter] of this.#table.get(key, now).entries()) counter.merge(states[i] ?? []);
      }
    } else {
      // first what is in the states anyway, or it would count twice
      this.#tell();
      const used = this.#table
        .used(now, KEYS_FOR_NEWCOMER)
        .map(([key, counters]) => [key, counters.map((counter) => counter.save())] as const);
      for (const some of inMessages([...used])) this.#siblings.send({ used: some });
    }
  }
}

function* inMessages<Entry>(entries: readonly Entry[]): Generator<readonly Entry[]> {
  for (let i = 0; i < entries.length; i += KEYS_A_MESSAGE) yield entries.slice(i, i + KEYS_A_MESSAGE);
}
