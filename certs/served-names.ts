import type { CertificatePair } from './certificate-pair.ts';
import { NameIndex } from './sni.ts';

/** Something that is to serve these names, and does with what it has at the moment. */
export interface NameHolder {
  readonly names: readonly string[];
  /** null: it has nothing yet. */
  readonly pair: CertificatePair | null;
}

/**
 * What serves which name in a storage. Holders are asked for what they have when a name is looked up, so that nothing
 * has to be built anew when one of ten thousand has another certificate.
 */
export class ServedNames {
  #holders = new Map<string, NameHolder[]>();
  #others = new NameIndex<CertificatePair>();
  /** What serves a name of a holder until that has something, by name. */
  readonly #standIns = new Map<string, CertificatePair[]>();

  /** Whether there is a holder for this very name. `name`: as in a config. */
  isHeld(name: string): boolean {
    return this.#holders.has(name);
  }

  /** What serves the names of holders, and those of `others` behind them. `name`: as in a config. */
  find(name: string): readonly CertificatePair[] {
    const holders = this.#holders.get(name) ?? [];
    const held = holders.flatMap(({ pair }) => (pair?.names.includes(name) === true ? pair : []));
    const others = this.#others.exact(name);
    if (others.length > 0) return [...held, ...others];
    return held.length > 0 ? held : (this.#standIns.get(name) ?? []);
  }

  add(holder: NameHolder): void {
    for (const name of holder.names) {
      const holders = this.#holders.get(name);
      if (holders === undefined) this.#holders.set(name, [holder]);
      else holders.push(holder);
    }
  }

  /** From now on these, the first before others. Those of before, `retired`, stand in for those that have nothing yet. */
  hold(holders: readonly NameHolder[], retired: readonly CertificatePair[]): void {
    const before = new Set([...this.#standIns.values(), retired].flat());
    this.#holders = new Map();
    for (const holder of holders) this.add(holder);
    this.#standIns.clear();
    for (const pair of before) this.#standIn(pair);
    for (const { pair } of holders) if (pair !== null) this.#standIn(pair);
  }

  /** What nobody holds: it serves all of its names. */
  serve(others: readonly CertificatePair[]): void {
    this.#others = new NameIndex();
    for (const pair of others) for (const name of pair.names) this.#others.add(name, pair);
  }

  /** To be called when a holder has something else than before. */
  replace(before: CertificatePair | null, after: CertificatePair | null): void {
    for (const name of before?.names ?? []) {
      const left = (this.#standIns.get(name) ?? []).filter((pair) => pair !== before);
      if (left.length > 0) this.#standIns.set(name, left);
      else this.#standIns.delete(name);
    }
    if (after !== null) this.#standIn(after);
  }

  /** What a CA adds, or the config has moved to another holder, serves only where nothing else does yet. */
  #standIn(pair: CertificatePair): void {
    for (const name of pair.names) {
      if (!this.isHeld(name) || this.#isServed(name)) continue;
      const others = this.#standIns.get(name) ?? [];
      if (!others.includes(pair)) this.#standIns.set(name, [...others, pair]);
    }
  }

  #isServed(name: string): boolean {
    const holders = this.#holders.get(name) ?? [];
    return (
      holders.some(({ pair }) => pair?.names.includes(name) === true) || this.#others.exact(name).length > 0
    );
  }
}
