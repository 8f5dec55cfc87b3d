import { isDeepStrictEqual } from 'node:util';
import type { SchedulerConfig } from '../../shared/config-types.ts';
import type { Backend } from '../backend.ts';
import { BackendIndex } from './backend-index.ts';
import { hash32, keyText } from './key-hash.ts';
import type { Scheduler } from './scheduler.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

/** Which backend a key belongs to, and which come next: positions in a circle. */
export interface KeyTable {
  /** The number of the backend at each position. */
  readonly owners: Uint32Array;
  /** The position of a key. */
  positionOf(key: string): number;
}

/** `names` and `weights` of the backends, by number; a weight of 0 gets no position. */
export type BuildKeyTable = (names: readonly string[], weights: readonly number[]) => KeyTable;

type HashingConfig = Pick<SchedulerConfig, 'type' | 'table' | 'subKey' | 'bounded'>;

/** What is under way is counted anew after a pick for so many backends: with fewer, at every pick. */
const RECOUNT = 32;
/** Below its weight in the table, a backend leaves keys to others; after so many backends that do, one takes it all the same. */
const MAX_THINNED = 8;

/**
 * The same backend for the same key, by a table over all backends. From the key's position on, the first
 * backend that takes requests gets it: so a backend that goes loses its own keys to many others, and gets them
 * back, and no other key moves.
 */
export class HashScheduler implements Scheduler {
  readonly #index = new BackendIndex();
  readonly #build: BuildKeyTable;
  readonly #config: HashingConfig;
  readonly #withoutKey = new WeightedRoundRobin();
  #table: KeyTable = { owners: new Uint32Array(), positionOf: () => 0 };
  /** What the table was built of. */
  #builtOf: unknown = null;
  /** For each backend the pick in which it was last looked at: each is asked once. */
  #seen = new Float64Array();
  #picks = 0;
  /** Of these candidates: what was under way at the pick `#loadPick`, and their weights. */
  #loadOf: readonly Backend[] = [];
  #load = 0;
  #weight = 0;
  #loadPick = Number.NEGATIVE_INFINITY;

  constructor(build: BuildKeyTable, config: HashingConfig) {
    this.#build = build;
    this.#config = config;
  }

  takeOver(before: Scheduler): void {
    if (!(before instanceof HashScheduler)) return;
    this.#withoutKey.takeOver(before.#withoutKey);
    this.#table = before.#table;
    this.#builtOf = before.#builtOf;
  }

  setBackends(backends: readonly Backend[]): void {
    this.#index.setBackends(backends);
    this.#seen = new Float64Array(backends.length);
    this.#buildTable();
  }

  pick(
    candidates: readonly Backend[],
    key?: Uint8Array | string,
    tried?: readonly Backend[],
  ): Backend | undefined {
    if (key === undefined) return this.#withoutKey.pick(candidates, key, tried);
    if (this.#index.update(candidates)) this.#buildTable();
    return this.#walk(candidates, keyText(key, this.#config.subKey), tried);
  }

  /** The backends from the key's position on, each once, until one takes it; the first usable one where none does. */
  #walk(
    candidates: readonly Backend[],
    key: string,
    tried: readonly Backend[] | undefined,
  ): Backend | undefined {
    const { owners } = this.#table;
    const index = this.#index;
    const seen = this.#seen;
    const pick = ++this.#picks;
    const start = this.#table.positionOf(key);
    let first: Backend | undefined;
    let thinned = 0;
    let perWeight = -1;
    for (let step = 0, usableSeen = 0; step < owners.length && usableSeen < index.usableCount; step++) {
      const position = start + step < owners.length ? start + step : start + step - owners.length;
      const owner = owners[position] ?? 0;
      if (seen[owner] === pick || !index.isUsable(owner)) continue;
      seen[owner] = pick;
      usableSeen += 1;
      const backend = index.backends[owner];
      if (backend === undefined || (tried !== undefined && tried.includes(backend))) continue;
      first ??= backend;
      if (thinned < MAX_THINNED && this.#leaves(backend, owner, key)) {
        thinned += 1;
        continue;
      }
      if (this.#config.bounded === null || backend.runtime.inFlight === 0) return backend;
      if (perWeight === -1) perWeight = this.#loadPerWeight(candidates) * this.#config.bounded;
      if (backend.runtime.inFlight < Math.ceil(perWeight * backend.weight)) return backend;
    }
    return first;
  }

  /** Whether a backend with less weight than it has in the table leaves this key to another: always the same ones. */
  #leaves(backend: Backend, owner: number, key: string): boolean {
    const whole = this.#index.weights[owner] ?? 0;
    return backend.weight < whole && hash32(key, owner + 1) >= (backend.weight / whole) * 2 ** 32;
  }

  /**
   * What is under way with the coming request, for one unit of weight. With hundreds of backends it is counted once for some
   * picks, which add what they bring: how much ends meanwhile is a small part of what so many have.
   */
  #loadPerWeight(candidates: readonly Backend[]): number {
    const since = this.#picks - this.#loadPick;
    if (since <= candidates.length / RECOUNT && candidates === this.#loadOf)
      return (this.#load + since + 1) / this.#weight;
    this.#loadOf = candidates;
    this.#loadPick = this.#picks;
    this.#load = 0;
    this.#weight = 0;
    for (const { runtime, weight } of candidates) {
      this.#load += runtime.inFlight;
      this.#weight += weight;
    }
    return (this.#load + 1) / this.#weight;
  }

  #buildTable(): void {
    const { backends, weights } = this.#index;
    const names = backends.map(({ addressText }) => addressText);
    const { type, table } = this.#config;
    // With hundreds of backends this takes some milliseconds, and most reloads change none of them.
    const builtOf = [type, table, names, weights];
    if (isDeepStrictEqual(builtOf, this.#builtOf)) return;
    this.#builtOf = builtOf;
    this.#table = this.#build(names, weights);
  }
}
