import { isDeepStrictEqual } from 'node:util';
import { hostNameOf } from '../shared/address.ts';
import {
  NO_OVERRIDES,
  OverriddenTerms,
  rowsWithOverrides,
  type BackendOverrides,
  type UpstreamOverrides,
} from '../shared/backend-overrides.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';
import { ASSUMED_HEALTH } from '../shared/health-types.ts';
import type { BackendHealth, CheckedBackend } from '../shared/health-types.ts';
import type { LearnedNews } from '../shared/sticky-types.ts';
import { AddressBackend, BackendRuntime } from './backend.ts';
import { nestUpstreams } from './nested-backend.ts';
import { Upstream } from './upstream.ts';

/**
 * Carries what is known of each backend (counters, health, latencies, and whatever others key by its
 * runtime, such as connection pools) from one snapshot to the next, and knows what a config does not say:
 * which addresses host names stand for (each of them is a backend of its own), and what commands have set.
 */
export class UpstreamRegistry {
  /** By name, of the snapshot committed last; null before the first. */
  #live: ReadonlyMap<string, Upstream> | null = null;
  readonly #addresses = new Map<string, readonly string[]>();
  #overrides: ReadonlyMap<string, UpstreamOverrides> = new Map();
  /** By upstream and backend, where it is not what is assumed anyway. */
  readonly #health = new Map<string, Map<string, BackendHealth>>();

  readonly #tell: (news: LearnedNews) => void;

  /** `tell`: hears where clients belong, which other workers should know. */
  constructor(tell: (news: LearnedNews) => void = () => undefined) {
    this.#tell = tell;
  }

  /** Builds the upstreams of a coming snapshot beside the live ones, which it leaves as they are; may be thrown away. */
  prepare(configs: readonly UpstreamConfig[]): ReadonlyMap<string, Upstream> {
    const upstreams = new Map(configs.map((config) => [config.name, this.#build(config)]));
    nestUpstreams(upstreams, this.#live);
    for (const upstream of upstreams.values()) this.#setNestedTerms(upstream);
    return upstreams;
  }

  /** Makes prepared upstreams the live ones. Returns the runtimes that none of them uses any more, whose connections can be closed. */
  commit(upstreams: ReadonlyMap<string, Upstream>): BackendRuntime[] {
    const before = runtimesOf(this.#live);
    this.#live = upstreams;
    return [...before.difference(runtimesOf(upstreams))];
  }

  /**
   * From now on these names stand for these addresses, in the live upstreams and in those `prepared`
   * to come. Backends of addresses that stay are left as they are. Returns the runtimes that are no
   * longer used, as `commit` does.
   */
  learn(
    names: readonly (readonly [name: string, addresses: readonly string[]])[],
    prepared: ReadonlyMap<string, Upstream> = new Map(),
  ): BackendRuntime[] {
    const changed = new Set<string>();
    for (const [name, addresses] of names) {
      changed.add(name);
      if (addresses.length === 0) this.#addresses.delete(name);
      else this.#addresses.set(name, addresses);
    }
    return this.#updateAll(prepared, (upstream) =>
      this.#rows(upstream.config).some(({ address }) => changed.has(hostNameOf(address) ?? '')),
    );
  }

  /** From now on this is what commands have set, all of it, as for `learn`. */
  override(
    overrides: BackendOverrides,
    prepared: ReadonlyMap<string, Upstream> = new Map(),
  ): BackendRuntime[] {
    const next = new Map(Object.entries(overrides));
    const before = this.#overrides;
    this.#overrides = next;
    // The schedulers of all others need not hear of it: some build large tables anew.
    return this.#updateAll(prepared, ({ name }) => !isDeepStrictEqual(before.get(name), next.get(name)));
  }

  /**
   * What the active checks have found of these backends, in the live upstreams, in those `prepared` and
   * in those to come.
   */
  setHealth(found: readonly CheckedBackend[], prepared: ReadonlyMap<string, Upstream> = new Map()): void {
    for (const [name, changes] of Map.groupBy(found, ({ upstream }) => upstream)) {
      const health = new Map(changes.map((change) => [change.backend, change]));
      const known = this.#health.get(name) ?? new Map<string, BackendHealth>();
      for (const [backend, { health: state, reportedState, reportedWeight }] of health) {
        const isAssumed = state === 'up' && reportedState === 'ready' && reportedWeight === null;
        if (isAssumed) known.delete(backend);
        else known.set(backend, { health: state, reportedState, reportedWeight });
      }
      if (known.size === 0) this.#health.delete(name);
      else this.#health.set(name, known);
      for (const upstream of [this.#live?.get(name), prepared.get(name)]) {
        for (const { addressText, runtime } of upstream?.backends ?? []) {
          const change = health.get(addressText);
          if (change !== undefined) runtime.setActive(change);
        }
      }
    }
  }

  /** Where clients belong that came to another worker, for the live upstreams and those `prepared`. */
  hear(news: LearnedNews, prepared: ReadonlyMap<string, Upstream> = new Map()): void {
    const { upstream, cookie, sessions } = news;
    const tables = [this.#live, prepared].flatMap((upstreams) => {
      const sticky = upstreams?.get(upstream)?.sticky ?? null;
      return sticky !== null && 'table' in sticky && sticky.name === cookie ? [sticky.table] : [];
    });
    // Mostly one and the same.
    for (const table of new Set(tables)) for (const session of sessions) table.hear(session);
  }

  /** The runtimes of the live backends, by whether their state is `maintenance`. */
  inMaintenance(): { readonly yes: readonly BackendRuntime[]; readonly no: readonly BackendRuntime[] } {
    const backends = [...(this.#live?.values() ?? [])].flatMap((upstream) => upstream.backends);
    const runtimesIn = (inMaintenance: boolean): BackendRuntime[] =>
      backends.flatMap(({ state, runtime }) =>
        (state === 'maintenance') === inMaintenance ? [runtime] : [],
      );
    return { yes: runtimesIn(true), no: runtimesIn(false) };
  }

  #build(config: UpstreamConfig): Upstream {
    const runtimes = this.#knownRuntimes(config.name);
    const rows = this.#rows(config);
    const upstream = new Upstream(config, []);
    const before = this.#live?.get(config.name);
    if (before !== undefined) upstream.takeOver(before);
    const { sticky } = upstream;
    if (sticky !== null && 'table' in sticky)
      sticky.table.tell = (session) =>
        this.#tell({ upstream: config.name, cookie: sticky.name, sessions: [session] });
    upstream.replaceBackends(
      this.#withTerms(rows, config),
      this.#resolve(rows, config).map((resolved) => this.#create(resolved, config, runtimes)),
    );
    return upstream;
  }

  #create({ row, rowText }: ResolvedRow, config: UpstreamConfig, runtimes: Runtimes): AddressBackend {
    const runtime = runtimes.get(row.addressText) ?? this.#createRuntime(config.name, row.addressText);
    // An address listed twice is still one server: both rows share one runtime.
    runtimes.set(row.addressText, runtime);
    return new AddressBackend(row, config, runtime, rowText);
  }

  #createRuntime(upstream: string, backend: string): BackendRuntime {
    const runtime = new BackendRuntime(this.#live !== null);
    runtime.setActive(this.#health.get(upstream)?.get(backend) ?? ASSUMED_HEALTH);
    return runtime;
  }

  /** The live ones first: those to come take their runtimes over. */
  #updateAll(
    prepared: ReadonlyMap<string, Upstream>,
    isConcerned: (upstream: Upstream) => boolean,
  ): BackendRuntime[] {
    const before = runtimesOf(this.#live);
    for (const upstream of [...(this.#live?.values() ?? []), ...prepared.values()])
      if (isConcerned(upstream)) this.#update(upstream);
    return [...before.difference(runtimesOf(this.#live))];
  }

  #update(upstream: Upstream): void {
    const { config } = upstream;
    const kept = Map.groupBy(upstream.backends, ({ addressText }) => addressText);
    const runtimes = this.#knownRuntimes(config.name);
    const rows = this.#rows(config);
    upstream.replaceBackends(
      this.#withTerms(rows, config),
      this.#resolve(rows, config).map((resolved) => {
        const backend = kept.get(resolved.row.addressText)?.shift();
        backend?.setTerms(resolved.row);
        return backend ?? this.#create(resolved, config, runtimes);
      }),
    );
    this.#setNestedTerms(upstream);
  }

  #setNestedTerms({ name, config, nested }: Upstream): void {
    const terms = new OverriddenTerms(this.#overridesOf(name));
    for (const backend of nested) {
      const row = config.nested.find((each) => each.upstream === backend.upstream.name);
      if (row !== undefined) backend.setTerms(terms.of(row, [backend.rowText]));
    }
  }

  #overridesOf(upstream: string): UpstreamOverrides {
    return this.#overrides.get(upstream) ?? NO_OVERRIDES;
  }

  #knownRuntimes(upstream: string): Runtimes {
    const backends = this.#live?.get(upstream)?.backends ?? [];
    return new Map(backends.map(({ addressText, runtime }) => [addressText, runtime]));
  }

  #rows(config: UpstreamConfig): readonly BackendConfig[] {
    return rowsWithOverrides(config, this.#overridesOf(config.name));
  }

  /** These rows with what commands have set: for those that stand for no address, and so for no backend. */
  #withTerms(rows: readonly BackendConfig[], { name }: UpstreamConfig): readonly BackendConfig[] {
    const terms = new OverriddenTerms(this.#overridesOf(name));
    return rows.map((row) => terms.of(row, [row.addressText]));
  }

  /** These rows with what commands have set, and one for each address in the place of a row with a host name. */
  #resolve(rows: readonly BackendConfig[], { name: upstream }: UpstreamConfig): ResolvedRow[] {
    const terms = new OverriddenTerms(this.#overridesOf(upstream));
    return rows.flatMap((row) => {
      const { address, addressText: rowText } = row;
      const name = hostNameOf(address);
      if (name === null || address.kind === 'unix') return [{ row: terms.of(row, [rowText]), rowText }];
      return (this.#addresses.get(name) ?? []).map((ip) => {
        const addressText = `${rowText} (${ip})`;
        const own = terms.of(row, [addressText, rowText]);
        return { row: { ...own, address: { ...address, ip }, addressText }, rowText };
      });
    });
  }
}

type Runtimes = Map<string, BackendRuntime>;

interface ResolvedRow {
  readonly row: BackendConfig;
  /** What the config calls it. */
  readonly rowText: string;
}

function runtimesOf(upstreams: ReadonlyMap<string, Upstream> | null): Set<BackendRuntime> {
  return new Set(
    [...(upstreams?.values() ?? [])].flatMap(({ backends }) => backends.map(({ runtime }) => runtime)),
  );
}
