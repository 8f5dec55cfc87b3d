import type { Backend, BackendRuntime } from '../backend.ts';

/**
 * A scheduler's own state for each backend, as an array parallel to the candidates. An upstream
 * passes the same array until its candidates change, so the usual call is one comparison.
 * The state belongs to the backend's runtime: a backend that a reload keeps goes on where it stood.
 */
export class PerBackend<State> {
  readonly #create: () => State;
  readonly #states: WeakMap<BackendRuntime, State>;
  #candidates: readonly Backend[] = [];
  #parallel: readonly State[] = [];

  constructor(create: () => State, states = new WeakMap<BackendRuntime, State>()) {
    this.#create = create;
    this.#states = states;
  }

  /** The same states, beside other candidates: for the scheduler of the next snapshot. */
  shared(): PerBackend<State> {
    return new PerBackend(this.#create, this.#states);
  }

  of(candidates: readonly Backend[]): readonly State[] {
    if (candidates !== this.#candidates) {
      this.#candidates = candidates;
      this.#parallel = candidates.map(({ runtime }) => this.#stateOf(runtime));
    }
    return this.#parallel;
  }

  #stateOf(runtime: BackendRuntime): State {
    let state = this.#states.get(runtime);
    if (state === undefined) {
      state = this.#create();
      this.#states.set(runtime, state);
    }
    return state;
  }
}
