import { upstreamText } from '../shared/backend-overrides.ts';
import type { NestedUpstreamConfig } from '../shared/config-types.ts';
import { Backend, BackendRuntime } from './backend.ts';
import type { Upstream } from './upstream.ts';

/** An upstream in the place of a backend. It is up while one of its own backends takes requests. */
export class NestedBackend extends Backend {
  readonly upstream: Upstream;

  constructor(config: NestedUpstreamConfig, upstream: Upstream, runtime: BackendRuntime) {
    const text = upstreamText(config.upstream);
    super(config, runtime, { addressText: text, rowText: text, backupFor: null });
    this.upstream = upstream;
  }

  get isUp(): boolean {
    return this.upstream.candidates().length > 0;
  }

  get isFull(): boolean {
    return !this.upstream.hasRoom();
  }

  get isLimited(): boolean {
    return this.upstream.isLimited;
  }

  /** Whether it has nothing left to try. */
  isTried(tried: readonly Backend[]): boolean {
    return this.upstream
      .candidates()
      .every((backend) =>
        backend instanceof NestedBackend ? backend.isTried(tried) : tried.includes(backend) || backend.isFull,
      );
  }

  /** Gives schedulers that look at it the requests under way at all its backends. */
  addUp(): void {
    this.runtime.inFlight = this.upstream.inFlight;
  }
}

/** Puts upstreams in the places that the configs of others have for them; before the first pick. `live`: the snapshot before, whose turns go on. */
export function nestUpstreams(
  upstreams: ReadonlyMap<string, Upstream>,
  live: ReadonlyMap<string, Upstream> | null = null,
): void {
  for (const upstream of upstreams.values()) {
    const { nested } = upstream.config;
    const before = live?.get(upstream.name)?.nested ?? [];
    const known = new Map(before.map(({ rowText, runtime }) => [rowText, runtime]));
    upstream.nest(
      nested.flatMap((row) => {
        const inner = upstreams.get(row.upstream);
        if (inner === undefined) return [];
        const runtime = known.get(upstreamText(row.upstream)) ?? new BackendRuntime();
        return [new NestedBackend(row, inner, runtime)];
      }),
    );
  }
}
