import type { Backend } from '../backend.ts';
import { PerBackend } from './per-backend.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Every backend in turn, whatever its weight (but 0 is left out).
 *
 * Whose turn it is: the candidate that was picked longest ago. A running index modulo the number of
 * candidates would do for a fixed list; but with one failing backend each of its requests comes here a
 * second time with that one tried, and the index then skips some backends for ever.
 */
export class RoundRobin implements Scheduler {
  #turns = new PerBackend<{ lastPicked: number }>(() => ({ lastPicked: 0 }));
  #count = { picks: 0 };
  #candidates: readonly Backend[] = [];
  /** Indices of the candidates, the one picked longest ago first: a ring that begins at `#head`. */
  #queue: number[] = [];
  #head = 0;

  takeOver(before: Scheduler): void {
    if (!(before instanceof RoundRobin)) return;
    this.#turns = before.#turns.shared();
    this.#count = before.#count;
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    const turns = this.#turns.of(candidates);
    if (candidates !== this.#candidates) this.#line(candidates, turns);
    const queue = this.#queue;
    for (let ahead = 0; ahead < queue.length; ahead++) {
      const index = queue[(this.#head + ahead) % queue.length] ?? 0;
      const backend = candidates[index];
      const turn = turns[index];
      if (backend === undefined || turn === undefined || backend.weight <= 0) continue;
      if (tried !== undefined && tried.includes(backend)) continue;
      turn.lastPicked = ++this.#count.picks;
      this.#toTheEnd(ahead);
      return backend;
    }
    return undefined;
  }

  /** Those that have never been picked are first, in the order of the config. */
  #line(candidates: readonly Backend[], turns: readonly { readonly lastPicked: number }[]): void {
    const lastPicked = (index: number): number => turns[index]?.lastPicked ?? 0;
    this.#candidates = candidates;
    this.#queue = candidates.map((_, index) => index).sort((a, b) => lastPicked(a) - lastPicked(b));
    this.#head = 0;
  }

  /** Those ahead of it move up by one and stay first. */
  #toTheEnd(ahead: number): void {
    const queue = this.#queue;
    const { length } = queue;
    const picked = queue[(this.#head + ahead) % length] ?? 0;
    for (let i = ahead; i > 0; i--)
      queue[(this.#head + i) % length] = queue[(this.#head + i - 1) % length] ?? 0;
    queue[this.#head] = picked;
    this.#head = (this.#head + 1) % length;
  }
}
