import { hash } from 'node:crypto';
import { LruMap } from '../../shared/lru-map.ts';
import type { Backend } from '../backend.ts';

/** Clients whose choice is kept, so that many backends do not cost much at each request. */
const KEPT = 10_000;

/**
 * A client's candidate by its address alone, the same in all workers: the highest of a score for each pair of client and
 * candidate (rendezvous hashing, with weights by the logarithmic method). A candidate that goes moves its own clients only,
 * one that comes takes its share and no more.
 */
export class BySource {
  #from: unknown = null;
  readonly #kept = new LruMap<string, Backend>(KEPT);

  pick(candidates: readonly Backend[], client: string): Backend | undefined {
    if (candidates !== this.#from) {
      this.#from = candidates;
      this.#kept.clear();
    }
    const known = this.#kept.get(client);
    if (known !== undefined) return known;
    const best = highest(candidates, client);
    if (best !== undefined) this.#kept.set(client, best);
    return best;
  }
}

function highest(candidates: readonly Backend[], client: string): Backend | undefined {
  let best: Backend | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    // The weight of the config: in a slow start clients would change again and again.
    const score = -candidate.configuredWeight / Math.log(share(`${client}\0${candidate.addressText}`));
    if (score <= bestScore) continue;
    best = candidate;
    bestScore = score;
  }
  return best;
}

/** Above 0 and below 1. */
function share(text: string): number {
  return (hash('md5', text, 'buffer').readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
