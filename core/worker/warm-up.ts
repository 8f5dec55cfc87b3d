import type { ConnectionPools } from '../forward/connections.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** How long a backend that comes (back), or a connection that ended, waits for its place to be filled. */
const EVERY_MS = 1000;

/** Keeps the connections open that upstreams want ahead of any request (`connections.warmUp`). */
export class WarmUp {
  readonly #pools: ConnectionPools;
  #upstreams: readonly Upstream[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(pools: ConnectionPools) {
    this.#pools = pools;
  }

  /** From now on those of these upstreams. */
  keep(upstreams: Iterable<Upstream>): void {
    this.#upstreams = [...upstreams].filter(({ config }) => config.connections.warmUp > 0);
    this.stop();
    if (this.#upstreams.length === 0) return;
    this.#fill();
    this.#timer = setInterval(() => this.#fill(), EVERY_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #fill(): void {
    for (const { backends } of this.#upstreams)
      for (const backend of backends) if (backend.takesRequests) this.#pools.warmUp(backend);
  }
}
