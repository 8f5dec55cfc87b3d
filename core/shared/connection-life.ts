import type { UpstreamConfig } from './config-types.ts';

/** How much shorter a life may be than the config says, so that connections made together do not end together. */
const SPREAD = 0.1;

/** How long a connection to a backend may be used for new requests. */
export class ConnectionLife {
  requests = 0;
  readonly #bornMs = performance.now();
  readonly #share = 1 - SPREAD * Math.random();

  /** On the clock of performance.now(). */
  endMs({ maxAgeMs }: UpstreamConfig['connections']): number {
    return maxAgeMs === null ? Number.POSITIVE_INFINITY : this.#bornMs + maxAgeMs * this.#share;
  }

  isOver(connections: UpstreamConfig['connections']): boolean {
    const { maxAgeMs, maxRequests } = connections;
    if (maxRequests !== null && this.requests >= maxRequests) return true;
    return maxAgeMs !== null && performance.now() >= this.endMs(connections);
  }
}
