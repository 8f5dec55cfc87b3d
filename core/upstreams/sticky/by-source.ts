import { LruMap } from '../../shared/lru-map.ts';
import type { Backend } from '../backend.ts';
import { Rendezvous } from '../rendezvous.ts';

/** Clients whose choice is kept, so that many backends do not cost much at each request. */
const KEPT = 10_000;

/** A client's candidate by its address alone, the same in all workers. */
export class BySource {
  #from: unknown = null;
  readonly #rendezvous = new Rendezvous();
  readonly #kept = new LruMap<string, Backend>(KEPT);

  pick(candidates: readonly Backend[], client: string): Backend | undefined {
    if (candidates !== this.#from) {
      this.#from = candidates;
      this.#kept.clear();
    }
    const known = this.#kept.get(client);
    if (known !== undefined) return known;
    const best = this.#rendezvous.pick(candidates, client, undefined);
    if (best !== undefined) this.#kept.set(client, best);
    return best;
  }
}
