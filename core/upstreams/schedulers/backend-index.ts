import type { Backend } from '../backend.ts';

/**
 * The backends that a table of keys is built of, by number, and which of them take requests: two
 * lookups in arrays, whatever the number of backends. A change of the candidates changes no table, so only
 * the keys of the backend that went move.
 */
export class BackendIndex {
  backends: readonly Backend[] = [];
  /** How much of the table each has. */
  weights: readonly number[] = [];
  /** How many of them are candidates. */
  usableCount = 0;
  #usable = new Uint8Array();
  #candidates: readonly Backend[] = [];

  setBackends(backends: readonly Backend[]): void {
    this.backends = backends;
    this.#candidates = [];
    this.usableCount = 0;
    this.#usable = new Uint8Array(backends.length);
    this.weights = backends.map(tableWeight);
  }

  /** Takes note of the candidates. @returns whether the table has to be built anew: a weight was raised over what it has there. */
  update(candidates: readonly Backend[]): boolean {
    if (candidates === this.#candidates) return false;
    this.#candidates = candidates;
    const among = new Set(candidates);
    let outgrown = false;
    this.usableCount = 0;
    for (const [i, backend] of this.backends.entries()) {
      const usable = backend.weight > 0 && among.has(backend);
      this.#usable[i] = usable ? 1 : 0;
      if (!usable) continue;
      this.usableCount += 1;
      if (backend.weight > (this.weights[i] ?? 0)) outgrown = true;
    }
    if (outgrown) this.weights = this.backends.map(tableWeight);
    return outgrown;
  }

  isUsable(index: number): boolean {
    return this.#usable[index] === 1;
  }
}

/**
 * A slow start leaves the table as it is (a share of the backend's keys goes elsewhere, see `HashScheduler`), so
 * that its keys come back to it as it goes on.
 */
function tableWeight({ weight, configuredWeight }: Backend): number {
  return Math.max(weight, configuredWeight);
}
