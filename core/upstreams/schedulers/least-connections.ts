import type { Backend } from '../backend.ts';
import { PerBackend } from './per-backend.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * The backend with the fewest exchanges under way for its weight. Those that are equal (all of them on
 * an idle proxy) take turns in proportion to their weights: each pick moves a backend's own clock on by
 * 1/weight, and the one whose clock is furthest behind is next.
 */
export class LeastConnections implements Scheduler {
  #clocks = new PerBackend<{ time: number }>(() => ({ time: 0 }));
  #latest = { time: 0 };
  #candidates: readonly Backend[] = [];

  takeOver(before: Scheduler): void {
    if (!(before instanceof LeastConnections)) return;
    this.#clocks = before.#clocks.shared();
    this.#latest = before.#latest;
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    const clocks = this.#clocks.of(candidates);
    if (candidates !== this.#candidates) this.#setClocks(candidates, clocks);
    let picked: Backend | undefined;
    let pickedClock: { time: number } | undefined;
    for (let i = 0; i < candidates.length; i++) {
      const backend = candidates[i];
      const clock = clocks[i];
      if (backend === undefined || clock === undefined || backend.weight <= 0) continue;
      if (tried !== undefined && tried.includes(backend)) continue;
      if (picked === undefined || pickedClock === undefined) {
        picked = backend;
        pickedClock = clock;
        continue;
      }
      // inFlight / weight compared without division, which would round
      const load = backend.runtime.inFlight * picked.weight;
      const least = picked.runtime.inFlight * backend.weight;
      if (load < least || (load === least && clock.time < pickedClock.time)) {
        picked = backend;
        pickedClock = clock;
      }
    }
    if (picked === undefined || pickedClock === undefined) return undefined;
    // from the latest on: a backend that was passed over while it was busy must not make up for it in one run
    this.#latest.time = Math.max(this.#latest.time, pickedClock.time);
    pickedClock.time = this.#latest.time + 1 / picked.weight;
    return picked;
  }

  /** A step of a clock was longer where the weight was smaller: none is further ahead than one step of now. */
  #setClocks(candidates: readonly Backend[], clocks: readonly { time: number }[]): void {
    this.#candidates = candidates;
    for (const [i, { weight }] of candidates.entries()) {
      const clock = clocks[i];
      if (clock !== undefined && weight > 0)
        clock.time = Math.min(clock.time, this.#latest.time + 1 / weight);
    }
  }
}
