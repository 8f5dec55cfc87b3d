import type { Backend } from '../backend.ts';
import { BackendIndex } from './backend-index.ts';
import { hash32, keyText, mix32 } from './key-hash.ts';
import type { Scheduler } from './scheduler.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

const MAX_TRIES = 32;
/** Up to 15 digits are exact in a number. */
const WHOLE_NUMBER = /^\d{1,15}$/;

/**
 * The key modulo the sum of the weights: key 7 of four backends of weight 1 is at the fourth one. A key
 * that is no whole number counts by its hash. Where the backend does not take requests, the key is hashed
 * on until one does: its own keys move, and no other. A backend more or less in the config moves nearly
 * all keys; consistent-hash and maglev are for that.
 */
export class KeyModulo implements Scheduler {
  readonly #index = new BackendIndex();
  readonly #subKey: boolean;
  readonly #withoutKey = new WeightedRoundRobin();
  /** The sums of the weights up to each backend, that one included. */
  #sums: readonly number[] = [];
  #total = 0;

  constructor(options: { readonly subKey: boolean }) {
    this.#subKey = options.subKey;
  }

  takeOver(before: Scheduler): void {
    if (before instanceof KeyModulo) this.#withoutKey.takeOver(before.#withoutKey);
  }

  setBackends(backends: readonly Backend[]): void {
    this.#index.setBackends(backends);
    this.#addUp();
  }

  pick(
    candidates: readonly Backend[],
    key?: Uint8Array | string,
    tried?: readonly Backend[],
  ): Backend | undefined {
    if (key === undefined) return this.#withoutKey.pick(candidates, key, tried);
    if (this.#index.update(candidates)) this.#addUp();
    if (this.#total <= 0 || this.#index.usableCount === 0) return undefined;
    const text = keyText(key, this.#subKey);
    const hash = hash32(text);
    let slot = (WHOLE_NUMBER.test(text) ? Number(text) : hash) % this.#total;
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const found = this.#backendAt(slot, tried);
      if (found !== undefined) return found;
      slot = mix32(hash + tries) % this.#total;
    }
    // Nearly all are down: any of the others, the same for the same key.
    const others = candidates.filter((backend) => backend.weight > 0 && !(tried?.includes(backend) ?? false));
    return others[hash % others.length];
  }

  #backendAt(slot: number, tried: readonly Backend[] | undefined): Backend | undefined {
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sums[middle] ?? 0) <= slot) low = middle + 1;
      else high = middle;
    }
    const backend = this.#index.backends[low];
    if (backend === undefined || !this.#index.isUsable(low)) return undefined;
    return tried !== undefined && tried.includes(backend) ? undefined : backend;
  }

  #addUp(): void {
    let sum = 0;
    this.#sums = this.#index.weights.map((weight) => (sum += weight));
    this.#total = sum;
  }
}
