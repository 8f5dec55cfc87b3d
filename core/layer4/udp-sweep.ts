import { availabilityVersion, type AddressBackend } from '../upstreams/backend.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { UdpAttempt } from './udp-attempt.ts';
import type { UdpService } from './udp-service.ts';
import type { UdpSession } from './udp-session.ts';
import type { UdpSessionTable } from './udp-session-table.ts';

/** Finds the sessions whose backends are taken out, and says when their time is over. */
export class SessionSweep {
  /** With that which leads to such a backend. */
  readonly #leaving = new Map<UdpSession, UdpAttempt>();
  #seenVersion = -1;

  /** What backends there are has changed. */
  lookAgain(): void {
    this.#seenVersion = -1;
  }

  /** Looks at all sessions if anything may have changed for their backends. */
  look(table: UdpSessionTable<UdpSession>, service: UdpService, nowMs: number): void {
    if (this.#seenVersion === availabilityVersion()) return;
    this.#seenVersion = availabilityVersion();
    const current = new CurrentBackends(service.upstreams);
    for (const session of table.entries()) {
      const { attempt } = session;
      if (attempt === null) continue;
      const backend = current.of(attempt.backend);
      if (backend !== null) attempt.backend = backend;
      if (backend !== null && mayStay(backend)) {
        this.forget(session);
      } else if (this.#leaving.get(session) !== attempt) {
        this.#leaving.set(session, attempt);
        session.leaveMs = nowMs + service.config.drainTimeoutMs;
      }
    }
  }

  forget(session: UdpSession): void {
    this.#leaving.delete(session);
    session.leaveMs = Number.POSITIVE_INFINITY;
  }

  /** Those whose time is over. */
  due(nowMs: number): readonly UdpSession[] {
    const due: UdpSession[] = [];
    for (const [session, attempt] of this.#leaving)
      // It has gone to another backend by itself.
      if (session.attempt !== attempt) this.forget(session);
      else if (session.leaveMs <= nowMs) due.push(session);
    return due;
  }
}

/** As for WebSockets: what runs on a backend in `drain` goes on. */
function mayStay({ state, runtime }: AddressBackend): boolean {
  return state !== 'maintenance' && runtime.reportedState !== 'maintenance';
}

/** The backends of a snapshot, by what is known of them at run time. */
class CurrentBackends {
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  readonly #found = new Map<AddressBackend, AddressBackend | null>();

  constructor(upstreams: ReadonlyMap<string, Upstream>) {
    this.#upstreams = upstreams;
  }

  /** null: it is no more. */
  of(backend: AddressBackend): AddressBackend | null {
    let found = this.#found.get(backend);
    if (found === undefined) {
      const { backends = [] } = this.#upstreams.get(backend.settings.name) ?? {};
      found = backends.find(({ runtime }) => runtime === backend.runtime) ?? null;
      this.#found.set(backend, found);
    }
    return found;
  }
}
