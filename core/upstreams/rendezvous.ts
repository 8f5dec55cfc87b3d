import type { Backend } from './backend.ts';
import { hash32, mix32 } from './schedulers/key-hash.ts';

/**
 * The candidate of a key without any state: the highest of a score for each pair of key and candidate (rendezvous hashing,
 * with weights by the logarithmic method). Whoever has the same candidates chooses the same one; a candidate that goes moves
 * its own keys only, one that comes takes its share and no more.
 */
export class Rendezvous {
  #candidates: readonly Backend[] = [];
  #seeds: readonly number[] = [];

  /** `tried`: those to leave out. Undefined where none is left. */
  pick(
    candidates: readonly Backend[],
    key: string,
    tried: readonly Backend[] | undefined,
  ): Backend | undefined {
    if (candidates !== this.#candidates) {
      this.#candidates = candidates;
      this.#seeds = candidates.map(({ addressText }) => hash32(addressText));
    }
    const keyHash = hash32(key);
    let best: Backend | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const [i, candidate] of candidates.entries()) {
      // The weight of the config: in a slow start clients would change again and again.
      const score = scoreOf(keyHash, this.#seeds[i] ?? 0, candidate.configuredWeight);
      if (score <= bestScore || tried?.includes(candidate) === true) continue;
      best = candidate;
      bestScore = score;
    }
    return best;
  }
}

/** Of all candidates with the weights w, this one's is the highest for the share w / Σw of all keys. */
function scoreOf(keyHash: number, candidateHash: number, weight: number): number {
  const share = (mix32(keyHash ^ candidateHash) + 0.5) / 2 ** 32;
  return -weight / Math.log(share);
}
