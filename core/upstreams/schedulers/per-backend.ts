import type { Backend } from '../backend.ts';

/**
 * A scheduler's own state for each backend, as an array parallel to the candidates. An upstream
 * passes the same array until its candidates change, so the usual call is one comparison.
 */
export class PerBackend<State> {
  readonly #create: () => State;
  readonly #states = new WeakMap<Backend, State>();
  #candidates: readonly Backend[] = [];
  #parallel: readonly State[] = [];

  constructor(create: () => State) {
    this.#create = create;
  }

  of(candidates: readonly Backend[]): readonly State[] {
    if (candidates !== this.#candidates) {
      this.#candidates = candidates;
      this.#parallel = candidates.map((backend) => this.#stateOf(backend));
    }
    return this.#parallel;
  }

  #stateOf(backend: Backend): State {
    let state = this.#states.get(backend);
    if (state === undefined) {
      state = this.#create();
      this.#states.set(backend, state);
    }
    return state;
  }
}
