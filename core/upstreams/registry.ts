import type { UpstreamConfig } from '../shared/config-types.ts';
import { Backend, BackendRuntime } from './backend.ts';
import { Upstream } from './upstream.ts';

/**
 * Carries what is known of each backend (counters, health, latencies, and whatever others key by its
 * runtime, such as connection pools) from one snapshot to the next.
 */
export class UpstreamRegistry {
  /** Upstream name → address → runtime, of the snapshot committed last. */
  #live: ReadonlyMap<string, ReadonlyMap<string, BackendRuntime>> = new Map();

  /** Builds the upstreams of a coming snapshot beside the live ones, which it leaves as they are; may be thrown away. */
  prepare(configs: readonly UpstreamConfig[]): ReadonlyMap<string, Upstream> {
    return new Map(configs.map((config) => [config.name, this.#build(config)]));
  }

  /** Makes prepared upstreams the live ones. Returns the runtimes that none of them uses any more, whose connections can be closed. */
  commit(upstreams: ReadonlyMap<string, Upstream>): BackendRuntime[] {
    const next = new Map<string, ReadonlyMap<string, BackendRuntime>>();
    const used = new Set<BackendRuntime>();
    for (const upstream of upstreams.values()) {
      const runtimes = new Map(upstream.backends.map((backend) => [backend.addressText, backend.runtime]));
      for (const runtime of runtimes.values()) used.add(runtime);
      next.set(upstream.name, runtimes);
    }
    const unused = [...this.#live.values()]
      .flatMap((runtimes) => [...runtimes.values()])
      .filter((runtime) => !used.has(runtime));
    this.#live = next;
    return unused;
  }

  #build(config: UpstreamConfig): Upstream {
    // an address listed twice is still one server: both rows share one runtime
    const runtimes = new Map(this.#live.get(config.name));
    const backends = config.backends.map((backend) => {
      const runtime = runtimes.get(backend.addressText) ?? new BackendRuntime();
      runtimes.set(backend.addressText, runtime);
      return new Backend(backend, runtime);
    });
    return new Upstream(config, backends);
  }
}
