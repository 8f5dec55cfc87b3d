import type { RuleBundle } from '../shared/config-types.ts';

/** A script that is kept out of service. */
export interface QuarantineEntry {
  readonly ruleId: string;
  /** Absolute path of the script. */
  readonly file: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What stands in for a script. */
export type Stand =
  | { readonly kind: 'bundle'; readonly bundle: RuleBundle }
  | { readonly kind: 'deny' }
  | { readonly kind: 'none' };

/** This many faults within the window end a script's service. */
const faultLimit = 5;
const faultWindowMs = 60_000;
/** As do this many workers that died of it. */
const deathLimit = 2;
/** Earlier versions kept of one script. */
const versionsKept = 5;

/**
 * Decides which scripts are fit to serve. Pure: no clock, no process. A version is known by its
 * id, so that a changed script starts with a clean record.
 */
export class Quarantine {
  readonly #faults = new Map<string, number[]>();
  readonly #deaths = new Map<string, number>();
  readonly #entries = new Map<string, QuarantineEntry>();
  /** By path, newest first: what has served. */
  readonly #served = new Map<string, RuleBundle[]>();
  /** Those that are tried now. They have not served, so that they stand in for none. */
  #shadows: readonly RuleBundle[] = [];

  /**
   * Remembers the bundles of a snapshot that workers now serve, and forgets the records of versions
   * long gone. `wanted`: the ids of what the config asks for, stand-ins aside.
   */
  serving(all: readonly RuleBundle[], wanted: ReadonlySet<string>): void {
    const bundles = all.filter(({ shadow }) => shadow === null);
    this.#shadows = all.filter(({ shadow }) => shadow !== null);
    const ids = new Set(bundles.map(({ id }) => id));
    for (const script of new Set(bundles.map((bundle) => bundle.script))) {
      const earlier = (this.#served.get(script) ?? []).filter(({ id }) => !ids.has(id));
      this.#served.set(script, [
        ...bundles.filter((bundle) => bundle.script === script),
        ...earlier.slice(0, versionsKept),
      ]);
    }
    const known = new Set(this.#known().map(({ id }) => id));
    for (const records of [this.#faults, this.#deaths, this.#entries]) {
      for (const id of records.keys()) if (!known.has(id) && !wanted.has(id)) records.delete(id);
    }
  }

  /** The watchdog ended this script's isolate, or it grew over its limit. Returns the new entry if that was one too many. */
  fault(ruleId: string, detail: string, now: number): QuarantineEntry | null {
    const recent = (this.#faults.get(ruleId) ?? []).filter((at) => at > now - faultWindowMs);
    recent.push(now);
    this.#faults.set(ruleId, recent);
    if (recent.length < faultLimit) return null;
    return this.#enter(
      ruleId,
      `${recent.length} faults within ${faultWindowMs / 1000} s, the last: ${detail}`,
      now,
    );
  }

  /** A worker died of this script. Returns the new entry if that was one too many. */
  death(ruleId: string, how: string, now: number): QuarantineEntry | null {
    const deaths = (this.#deaths.get(ruleId) ?? 0) + 1;
    this.#deaths.set(ruleId, deaths);
    // Whoever waits for a worker would not miss a script that is only tried.
    const isTried = this.#shadows.some(({ id }) => id === ruleId);
    if (deaths < (isTried ? 1 : deathLimit)) return null;
    return this.#enter(
      ruleId,
      deaths === 1 ? `a worker died of it by ${how}` : `${deaths} workers died of it, the last by ${how}`,
      now,
    );
  }

  /** What serves in the place of `bundle`: itself, its newest earlier version that is fit, or what its `onError` asks for. */
  standFor(bundle: RuleBundle, wanted: ReadonlySet<string>): Stand {
    if (!this.#entries.has(bundle.id)) return { kind: 'bundle', bundle };
    // The same code with another listener's settings is no earlier version.
    const earlier = this.#served
      .get(bundle.script)
      ?.find(({ id }) => !this.#entries.has(id) && !wanted.has(id));
    if (earlier !== undefined) return { kind: 'bundle', bundle: earlier };
    return { kind: bundle.onError === 'deny' ? 'deny' : 'none' };
  }

  has(ruleId: string): boolean {
    return this.#entries.has(ruleId);
  }

  entries(): readonly QuarantineEntry[] {
    return [...this.#entries.values()];
  }

  #known(): RuleBundle[] {
    return [...this.#served.values(), this.#shadows].flat();
  }

  /** Null as well when the script is in quarantine already, or nobody knows it. */
  #enter(ruleId: string, reason: string, at: number): QuarantineEntry | null {
    if (this.#entries.has(ruleId)) return null;
    const bundle = this.#known().find(({ id }) => id === ruleId);
    if (bundle === undefined) return null;
    const entry = { ruleId, file: bundle.script, reason, at };
    this.#entries.set(ruleId, entry);
    return entry;
  }
}
