import { hostNameOf } from '../shared/address.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';
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

  #build(config: UpstreamConfig): Upstream {
    const runtimes = this.#knownRuntimes(config.name);
    return new Upstream(
      config,
      this.#rows(config).map((row) => new Backend(row, runtimeOf(row, runtimes))),
      this.#live.get(config.name),
    );
  }

  #resolveAnew(upstream: Upstream): void {
    const kept = Map.groupBy(upstream.backends, ({ addressText }) => addressText);
    const runtimes = this.#knownRuntimes(upstream.name);
    upstream.replaceBackends(
      this.#rows(upstream.config).map(
        (row) => kept.get(row.addressText)?.shift() ?? new Backend(row, runtimeOf(row, runtimes)),
      ),
    );
  }

  #knownRuntimes(upstream: string): Map<string, BackendRuntime> {
    const backends = this.#live.get(upstream)?.backends ?? [];
    return new Map(backends.map(({ addressText, runtime }) => [addressText, runtime]));
  }

  /** The config's backends, with a row for each address in the place of one that gives a host name. */
  #rows({ backends }: UpstreamConfig): BackendConfig[] {
    return backends.flatMap((row) => {
      const { address, addressText } = row;
      const name = hostNameOf(address);
      if (name === null || address.kind === 'unix') return [row];
      return (this.#addresses.get(name) ?? []).map((ip) => ({
        ...row,
        address: { ...address, ip },
        addressText: `${addressText} (${ip})`,
      }));
    });
  }
}

/** An address listed twice is still one server: both rows share one runtime. */
function runtimeOf({ addressText }: BackendConfig, runtimes: Map<string, BackendRuntime>): BackendRuntime {
  const runtime = runtimes.get(addressText) ?? new BackendRuntime();
  runtimes.set(addressText, runtime);
  return runtime;
}

function runtimesOf(upstreams: ReadonlyMap<string, Upstream>): Set<BackendRuntime> {
  return new Set([...upstreams.values()].flatMap(({ backends }) => backends.map(({ runtime }) => runtime)));
}
