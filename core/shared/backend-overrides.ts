import { formatAddress } from './address.ts';
import type { BackendConfig, BackendState, BackendTerms, UpstreamConfig } from './config-types.ts';

/**
 * What commands have set at run time in place of what the config file says. Plain JSON: the primary
 * holds it and every worker has a copy.
 */
export type BackendOverrides = Readonly<Record<string, UpstreamOverrides>>;

/** Of one upstream, by its name. */
export interface UpstreamOverrides {
  readonly changed: readonly ChangedBackend[];
  /** Texts of rows. */
  readonly removed: readonly string[];
  readonly added: readonly BackendConfig[];
}

export interface ChangedBackend {
  /** The text of a row, or the name of one of the backends that it stands for (`api.internal:80 (10.0.0.1)`). */
  readonly backend: string;
  /** null: as the file, or what else is set for it, has it. */
  readonly state: Override<BackendState> | null;
  readonly weight: Override<number> | null;
}

/** Holds as long as the file says what it said then: who changes the file has the last word. */
export interface Override<Value> {
  readonly value: Value;
  readonly file: Value;
}

export const NO_OVERRIDES: UpstreamOverrides = { changed: [], removed: [], added: [] };

/** What is set for one upstream, whatever its name: one may be called `constructor`. */
export function overridesOf(overrides: BackendOverrides, upstream: string): UpstreamOverrides {
  return (Object.hasOwn(overrides, upstream) ? overrides[upstream] : undefined) ?? NO_OVERRIDES;
}

/** What names a nested upstream where other backends have their address. */
export function upstreamText(name: string): string {
  return `upstream:${name}`;
}

/** The rows that an upstream has with what commands added and removed. */
export function rowsWithOverrides(
  { backends }: Pick<UpstreamConfig, 'backends'>,
  { added, removed }: UpstreamOverrides,
): readonly BackendConfig[] {
  if (added.length === 0 && removed.length === 0) return backends;
  const gone = new Set(removed);
  const addresses = new Set(backends.map(({ address }) => formatAddress(address)));
  return [
    ...backends.filter(({ addressText }) => !gone.has(addressText)),
    ...added.filter(({ address }) => !addresses.has(formatAddress(address))),
  ];
}

/** Gives the terms of rows with what commands have set for them. For all rows of an upstream, which may be thousands. */
export class OverriddenTerms {
  readonly #changed: ReadonlyMap<string, ChangedBackend>;

  constructor({ changed }: UpstreamOverrides) {
    this.#changed = new Map(changed.map((each) => [each.backend, each]));
  }

  /** `names`: what the row, or one backend of it, is called by, the most specific first. */
  of<Terms extends BackendTerms>(row: Terms, names: readonly string[]): Terms {
    if (this.#changed.size === 0) return row;
    let { state, weight } = row;
    for (const name of names.toReversed()) {
      const override = this.#changed.get(name);
      if (override?.state?.file === row.state) state = override.state.value;
      if (override?.weight?.file === row.weight) weight = override.weight.value;
    }
    return { ...row, state, weight };
  }
}
