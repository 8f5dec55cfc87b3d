import { hostNameOf } from '../shared/address.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';
import { ASSUMED_HEALTH } from '../shared/health-types.ts';
import type { BackendHealth, CheckedBackend } from '../shared/health-types.ts';
import { backendRows } from './backend-rows.ts';
import { Backend, BackendRuntime } from './backend.ts';
import { Upstream } from './upstream.ts';

/**
 * Carries what is known of each backend (counters, health, latencies, and whatever others key by its
 * runtime, such as connection pools) from one snapshot to the next, and knows which addresses host
 * names stand for: each of them is a backend of its own.
 */
export class UpstreamRegistry {
  /** By name, of the snapshot committed last. */
  #live: ReadonlyMap<string, Upstream> = new Map();
  readonly #addresses = new Map<string, readonly string[]>();
  /** By upstream and backend, where it is not what is assumed anyway. */
  readonly #health = new Map<string, Map<string, BackendHealth>>();

  /** Builds the upstreams of a coming snapshot beside the live ones, which it leaves as they are; may be thrown away. */
  prepare(configs: readonly UpstreamConfig[]): ReadonlyMap<string, Upstream> {
    return new Map(configs.map((config) => [config.name, this.#build(config)]));
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
    const before = runtimesOf(this.#live);
    // The live ones first: those to come take their runtimes over.
    for (const upstream of [...this.#live.values(), ...prepared.values()]) {
      if (upstream.config.backends.some(({ address }) => changed.has(hostNameOf(address) ?? '')))
        this.#resolveAnew(upstream);
    }
    return [...before.difference(runtimesOf(this.#live))];
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
      for (const upstream of [this.#live.get(name), prepared.get(name)]) {
        for (const { addressText, runtime } of upstream?.backends ?? []) {
          const change = health.get(addressText);
          if (change !== undefined) runtime.setActive(change);
        }
      }
    }
  }

  #build(config: UpstreamConfig): Upstream {
    const runtimes = this.#knownRuntimes(config.name);
    return new Upstream(
      config,
      this.#rows(config).map((row) => new Backend(row, this.#runtimeOf(row, config.name, runtimes))),
    );
  }

  #resolveAnew(upstream: Upstream): void {
    const kept = Map.groupBy(upstream.backends, ({ addressText }) => addressText);
    const runtimes = this.#knownRuntimes(upstream.name);
    upstream.replaceBackends(
      this.#rows(upstream.config).map(
        (row) =>
          kept.get(row.addressText)?.shift() ??
          new Backend(row, this.#runtimeOf(row, upstream.name, runtimes)),
      ),
    );
  }

  #knownRuntimes(upstream: string): Map<string, BackendRuntime> {
    const backends = this.#live.get(upstream)?.backends ?? [];
    return new Map(backends.map(({ addressText, runtime }) => [addressText, runtime]));
  }

  /** The runtime of a backend that is about to be made, with what is known of its health. */
  #runtimeOf({ addressText }: BackendConfig, upstream: string, runtimes: Map<string, BackendRuntime>) {
    const known = runtimes.get(addressText);
    if (known !== undefined) return known;
    const runtime = new BackendRuntime();
    runtime.setActive(this.#health.get(upstream)?.get(addressText) ?? ASSUMED_HEALTH);
    // An address listed twice is still one server: both rows share one runtime.
    runtimes.set(addressText, runtime);
    return runtime;
  }

  #rows(config: UpstreamConfig): BackendConfig[] {
    return backendRows(config, (name) => this.#addresses.get(name) ?? []);
  }
}

function runtimesOf(upstreams: ReadonlyMap<string, Upstream>): Set<BackendRuntime> {
  return new Set([...upstreams.values()].flatMap(({ backends }) => backends.map(({ runtime }) => runtime)));
}
