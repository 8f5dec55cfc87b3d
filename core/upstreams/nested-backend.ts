import { upstreamText } from '../shared/backend-overrides.ts';
import type { NestedUpstreamConfig } from '../shared/config-types.ts';
import { Backend, BackendRuntime, type AddressBackend } from './backend.ts';
import type { Upstream } from './upstream.ts';

/** An upstream in the place of a backend. It is up while one of its own backends takes requests. */
export class NestedBackend extends Backend {
  readonly upstream: Upstream;

  constructor(config: NestedUpstreamConfig, upstream: Upstream) {
    const text = upstreamText(config.upstream);
    super(config, new BackendRuntime(), { addressText: text, rowText: text, backupFor: null });
    this.upstream = upstream;
  }

  get isUp(): boolean {
    return this.upstream.candidates().length > 0;
  }

  /** Whether it has nothing left to try. */
  isTried(tried: readonly Backend[]): boolean {
    return this.upstream
      .candidates()
      .every((backend) =>
        backend instanceof NestedBackend ? backend.isTried(tried) : tried.includes(backend),
      );
  }

  /** Gives schedulers that look at it the requests under way at all its backends. */
  addUp(): void {
    this.runtime.inFlight = this.upstream.inFlight;
  }

  pick(tried: readonly Backend[] | undefined): AddressBackend | undefined {
    return this.upstream.pick(tried);
  }
}

/** Puts upstreams in the places that the configs of others have for them; before the first pick. */
export function nestUpstreams(upstreams: ReadonlyMap<string, Upstream>): void {
  for (const upstream of upstreams.values()) {
    const { nested } = upstream.config;
    upstream.nest(
      nested.flatMap((row) => {
        const inner = upstreams.get(row.upstream);
        return inner === undefined ? [] : [new NestedBackend(row, inner)];
      }),
    );
  }
}
