import { ProxyError } from '../shared/errors.ts';
import { errnoName, udpFailure } from '../shared/udp-errors.ts';
import type { DropReason } from './connection-counters.ts';
import type { DescriptorBudget } from './descriptor-budget.ts';
import { UdpAttempt } from './udp-attempt.ts';
import { dropReasonOf } from './udp-drops.ts';
import { pickAgain } from './udp-pick.ts';
import type { UdpSession } from './udp-session.ts';

/** For one new session. */
const MAX_EVICTIONS = 3;

/** Gives sessions their backends, and takes them from them. */
export class SessionBackends {
  readonly #descriptors: DescriptorBudget;
  readonly #evictFor: (session: UdpSession) => void;

  /** `evictFor`: ends another session than this one, of any listener, if there is one. */
  constructor(descriptors: DescriptorBudget, evictFor: (session: UdpSession) => void) {
    this.#descriptors = descriptors;
    this.#evictFor = evictFor;
  }

  /** The one that was picked, or another one. @returns null: it could not be reached, the next one may be; or why there is none */
  connect(session: UdpSession): UdpAttempt | DropReason | null {
    const backend = session.picked ?? pickAgain(session);
    session.picked = null;
    if (backend instanceof ProxyError) {
      session.error = backend;
      return dropReasonOf(backend);
    }
    const { upstream, client, service } = session;
    if (upstream === null || !this.#takeDescriptor(session)) return noSocket(session);
    const attempt = new UdpAttempt(session, backend);
    const connect = (): number => attempt.connect(client.localPort, service.config.limits.queueBytes);
    let errno = connect();
    if (isExhausted(errno)) {
      this.#evictFor(session);
      errno = connect();
    }
    if (isExhausted(errno)) {
      this.#descriptors.giveBack();
      return noSocket(session);
    }
    attempt.begin(upstream, session.attempts === 0 ? session.pickedBy : 'other', performance.now());
    session.attempt = attempt;
    session.attempts += 1;
    session.lastBackend = backend;
    if (errno === 0) return attempt;
    this.unreachable(session, attempt, errno);
    return null;
  }

  /** A flood must leave descriptors to the worker's other connections. */
  #takeDescriptor(session: UdpSession): boolean {
    // Not every session has a socket.
    for (let tries = 0; tries < MAX_EVICTIONS; tries++) {
      if (this.#descriptors.take()) return true;
      this.#evictFor(session);
    }
    return this.#descriptors.take();
  }

  /** It is held against the backend, and the session's next datagram goes to another one. */
  unreachable(session: UdpSession, attempt: UdpAttempt, errno: number): void {
    if (session.attempt !== attempt) return;
    const { backend } = attempt;
    const why = `${backend.addressText} can not be reached: ${errnoName(errno)}`;
    const error = new ProxyError('connect-failed', 'backend', why);
    attempt.fail(error);
    session.error = error;
    session.tried.push(backend);
    this.leave(session, attempt);
  }

  leave(session: UdpSession, attempt: UdpAttempt): void {
    session.attempt = null;
    attempt.leave();
    this.#descriptors.giveBack();
  }
}

/** By no fault of the backend. */
function isExhausted(errno: number): boolean {
  return errno < 0 && udpFailure(errno) === 'exhausted';
}

function noSocket(session: UdpSession): DropReason {
  const why = 'no file descriptor or port is left for a socket to a backend';
  session.error = new ProxyError('backend-connections-exhausted', 'proxy', why);
  return 'sessions';
}
