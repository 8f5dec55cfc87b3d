import type { Backend } from '../backend.ts';
import { PerBackend } from './per-backend.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Every backend in turn, whatever its weight (but 0 is left out).
 *
 * Whose turn it is: the candidate that was picked longest ago. A running index modulo the number of
 * candidates would do for a fixed list; but with one failing backend each of its requests comes here a
 * second time with one candidate less, and the index then skips some backends for ever.
 */
export class RoundRobin implements Scheduler {
  readonly #turns = new PerBackend<{ lastPicked: number }>(() => ({ lastPicked: 0 }));
  #picks = 0;

  pick(candidates: readonly Backend[]): Backend | undefined {
    const turns = this.#turns.of(candidates);
    let picked: Backend | undefined;
    let pickedTurn: { lastPicked: number } | undefined;
    for (let i = 0; i < candidates.length; i++) {
      const backend = candidates[i];
      const turn = turns[i];
      if (backend === undefined || turn === undefined || backend.weight <= 0) continue;
      if (pickedTurn === undefined || turn.lastPicked < pickedTurn.lastPicked) {
        picked = backend;
        pickedTurn = turn;
      }
    }
    if (pickedTurn !== undefined) pickedTurn.lastPicked = ++this.#picks;
    return picked;
  }
}
