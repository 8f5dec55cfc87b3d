import type { Backend } from '../backend.ts';

/** A number from 0 up to, but not including, 1. */
export type RandomSource = () => number;

/** With so few candidates, adding up their weights costs no more than anything else. */
const FEW = 16;
const MAX_THROWS = 24;

/** Draws candidates at random, in proportion to the weights. */
export class Draw {
  readonly #random: RandomSource;
  #candidates: readonly Backend[] = [];
  #heaviest = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** One of the candidates; none of `tried`, and not `other`. */
  one(candidates: readonly Backend[], tried?: readonly Backend[], other?: Backend): Backend | undefined {
    if (candidates.length > FEW) {
      const thrown = this.#throw(candidates, tried, other);
      if (thrown !== undefined) return thrown;
    }
    let total = 0;
    for (const backend of candidates) if (isOpen(backend, tried, other)) total += backend.weight;
    let left = this.#random() * total;
    let picked: Backend | undefined;
    for (const backend of candidates) {
      if (!isOpen(backend, tried, other)) continue;
      picked = backend;
      left -= backend.weight;
      if (left < 0) break;
    }
    return picked;
  }

  /**
   * Two different ones, and of them the one with the lower cost; the first one drawn where the costs are
   * equal, so that idle backends get shares by weight.
   */
  betterOfTwo(
    candidates: readonly Backend[],
    costOf: (backend: Backend) => number,
    tried?: readonly Backend[],
  ): Backend | undefined {
    const first = this.one(candidates, tried);
    if (first === undefined) return undefined;
    const second = this.one(candidates, tried, first);
    return second !== undefined && costOf(second) < costOf(first) ? second : first;
  }

  /**
   * Any one, kept with a chance of its weight to the heaviest, and thrown again otherwise: the same shares without a look at
   * all of them. Very uneven weights take many throws; undefined then.
   */
  #throw(
    candidates: readonly Backend[],
    tried: readonly Backend[] | undefined,
    other: Backend | undefined,
  ): Backend | undefined {
    if (candidates !== this.#candidates) {
      this.#candidates = candidates;
      this.#heaviest = 0;
      for (const { weight, configuredWeight } of candidates)
        this.#heaviest = Math.max(this.#heaviest, weight, configuredWeight);
    }
    for (let i = 0; i < MAX_THROWS; i++) {
      const backend = candidates[Math.floor(this.#random() * candidates.length)];
      if (backend === undefined || this.#random() * this.#heaviest >= backend.weight) continue;
      if (isOpen(backend, tried, other)) return backend;
    }
    return undefined;
  }
}

function isOpen(backend: Backend, tried: readonly Backend[] | undefined, other?: Backend): boolean {
  return backend !== other && backend.weight > 0 && (tried === undefined || !tried.includes(backend));
}
