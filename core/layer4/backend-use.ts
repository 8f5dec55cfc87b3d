import type { Logger } from '../shared/log.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { PassiveHealthConfig } from '../shared/health-types.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import { circuitAnswered, circuitBegin, circuitFailed, circuitLeft } from '../upstreams/circuit-events.ts';
import type { Ejection } from '../upstreams/health.ts';
import { noteAnswer, noteAttempt, noteEnd, noteFailure } from '../upstreams/passive-checks.ts';
import { placesChanged } from '../upstreams/queue/waiting-queue.ts';
import type { PickedBy } from '../upstreams/traffic-window.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** What counts as a good answer to schedulers and health where there are no statuses: to be reached at all. */
const REACHED = 200;

/** What one attempt, and the connection or session that comes of it, does to the counters of its backend, and says of it. */
export class BackendUse {
  readonly backend: AddressBackend;
  readonly #passive: PassiveHealthConfig | null;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #startMs = performance.now();
  #ticket: number;
  #isReached = false;
  #hasFailed = false;

  /** Counts it in; `leave` takes that back. */
  constructor(
    upstream: Upstream,
    backend: AddressBackend,
    pickedBy: PickedBy,
    placedMs: number,
    log: Pick<Logger, 'warn'>,
  ) {
    this.backend = backend;
    this.#log = log;
    // There is nothing to choose from where there is one backend only.
    const isAlone = upstream.backends.length + upstream.nested.length < 2;
    this.#passive = isAlone ? null : backend.settings.passiveHealth;
    const { runtime } = backend;
    runtime.inFlight += 1;
    runtime.requests += 1;
    runtime.traffic.count(pickedBy, placedMs);
    if (this.#passive !== null) noteAttempt(runtime);
    this.#ticket = circuitBegin(backend);
  }

  /** The backend has taken the connection, or answered the first datagram. */
  reached(nowMs: number): void {
    this.#isReached = true;
    this.backend.runtime.recordAnswer(REACHED, this.#startMs, nowMs);
    if (this.#passive !== null) this.#report(noteAnswer(this.backend.runtime, this.#passive, REACHED, nowMs));
    circuitAnswered(this.backend, this.#ticket, nowMs);
  }

  /** It was not to be reached, which is held against it where it is at fault. */
  failed(error: ProxyError): void {
    if (error.source !== 'backend') return;
    this.#hasFailed = true;
    this.backend.runtime.errors += 1;
    if (this.#passive !== null)
      this.#report(noteFailure(this.backend.runtime, this.#passive, error.message, performance.now()));
    circuitFailed(this.backend, this.#ticket, performance.now());
    this.#ticket = 0;
  }

  /** The backend has broken it off: an error of its own, but how many an application does as a matter of course. */
  brokenOff(): void {
    this.backend.runtime.errors += 1;
  }

  /** It is over: once for each. */
  leave(): void {
    this.backend.runtime.inFlight -= 1;
    if (this.#passive !== null) noteEnd(this.backend.runtime, this.#isReached && !this.#hasFailed);
    circuitLeft(this.backend, this.#ticket, this.#isReached);
    placesChanged();
  }

  #report(ejection: Ejection | null): void {
    if (ejection === null) return;
    const { addressText, settings } = this.backend;
    const { forMs, reason } = ejection;
    this.#log.warn(
      { upstream: settings.name, backend: addressText, reason, forMs },
      'a backend is left out for a while',
    );
  }
}
