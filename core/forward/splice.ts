import type { Socket } from 'node:net';
import type { Timed } from '../shared/deadlines.ts';
import type { TcpListenerConfig } from '../shared/layer4-types.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import { SpliceEnd, type SpliceEndOwner } from './splice-end.ts';

/** How long an end that the proxy ends may take to go. */
const LAST_BYTES_MS = 5000;

/** How a spliced connection ended; `docs/logs.md` says what each means. */
export type SpliceEndReason =
  'closed' | 'half-closed' | 'client-reset' | 'backend-reset' | 'idle' | 'lifetime' | 'drained';

export interface SpliceOwner {
  /** Both sockets are closed. Called once. */
  onSpliceEnd(reason: SpliceEndReason): void;
}

/**
 * Joins the connection of a client and the one to its backend: bytes pass untouched in both directions, each of which
 * waits for its receiver; FIN is passed on as FIN, and a reset as a reset. Ends when both ends are done,
 * when nothing has come for too long, or when its time is over. To be put among the `Deadlines` by its owner.
 */
export class Splice implements Timed, SpliceEndOwner {
  deadlineMs = 0;
  readonly #settings: Pick<TcpListenerConfig, 'timeouts' | 'drainTimeoutMs'>;
  readonly #owner: SpliceOwner;
  readonly #client: SpliceEnd;
  readonly #backend: SpliceEnd;
  /** When it has to be over, for its own `lifetime`, and since its listener or backend goes away. */
  readonly #lifetimeEndMs: number;
  #leaveAtMs = Number.POSITIVE_INFINITY;
  #reason: SpliceEndReason | null = null;

  /** @param startMs when the client connected, on the clock of performance.now() */
  constructor(
    client: Socket,
    backend: Socket,
    settings: Pick<TcpListenerConfig, 'timeouts' | 'drainTimeoutMs'>,
    startMs: number,
    owner: SpliceOwner,
  ) {
    this.#settings = settings;
    this.#owner = owner;
    this.#lifetimeEndMs = startMs + (settings.timeouts.lifetimeMs ?? Number.POSITIVE_INFINITY);
    this.#client = new SpliceEnd(client, this);
    this.#backend = new SpliceEnd(backend, this);
  }

  get bytesFromClient(): number {
    return this.#client.bytes;
  }

  get bytesFromBackend(): number {
    return this.#backend.bytes;
  }

  /**
   * Takes both sockets over; listeners of others are to be gone. What happened to a socket before is seen: that it has ended, or is closed.
   * @param readAhead what was read from the client before and is to be sent first; valid during the call only
   */
  open(clientInput: SocketInput, backendInput: SocketInput, readAhead: Buffer | null): void {
    this.#client.open(clientInput, this.#backend, readAhead);
    this.#backend.open(backendInput, this.#client, null);
    this.#arm();
    this.#client.begin();
    this.#backend.begin();
  }

  /**
   * Its listener or backend goes away: it may go on for `drainTimeout`, then it is closed.
   * @param endMs when it has to be over, on the clock of performance.now()
   */
  leave(endMs: number): void {
    this.#leaveAtMs = Math.min(this.#leaveAtMs, performance.now() + this.#settings.drainTimeoutMs, endMs);
    if (this.#reason === null) this.#arm();
  }

  /** Ends it at once. */
  destroy(): void {
    this.#reason ??= 'drained';
    this.#client.reset();
    this.#backend.reset();
  }

  // --- time ----------------------------------------------------------------------------------

  onDeadline(): void {
    if (this.#reason !== null) return this.destroy();
    const now = performance.now();
    if (now >= this.#lifetimeEndMs) this.#endBoth('lifetime', now);
    else if (now >= this.#leaveAtMs) this.#endBoth('drained', now);
    else if (now >= this.#silentAtMs(now)) this.#endBoth(this.#isHalfClosed ? 'half-closed' : 'idle', now);
    else this.#arm();
  }

  get #isHalfClosed(): boolean {
    return this.#client.ended || this.#backend.ended;
  }

  /** When nothing has come for too long; also when a receiver takes nothing for so long that nothing can come. */
  #silentAtMs(now: number): number {
    const { idleMs, halfClosedMs } = this.#settings.timeouts;
    const sinceMs = Math.max(this.#client.silentSinceMs(now), this.#backend.silentSinceMs(now));
    return sinceMs + (this.#isHalfClosed ? halfClosedMs : idleMs);
  }

  /** Bytes that come later move the deadline only when it is looked at. */
  #arm(): void {
    this.deadlineMs = Math.min(this.#lifetimeEndMs, this.#leaveAtMs, this.#silentAtMs(performance.now()));
  }

  // --- ending --------------------------------------------------------------------------------

  onEnded(): void {
    if (this.#reason === null) this.#arm();
  }

  onGone(end: SpliceEnd, failed: boolean): void {
    const isClient = end === this.#client;
    const other = isClient ? this.#backend : this.#client;
    const byItself = this.#reason === null;
    if (byItself && failed) this.#reason = isClient ? 'client-reset' : 'backend-reset';
    if (other.gone) {
      this.deadlineMs = 0;
      this.#owner.onSpliceEnd(this.#reason ?? 'closed');
    } else if (byItself && failed) other.reset();
    else if (byItself) other.destroySoon();
  }

  #endBoth(reason: SpliceEndReason, now: number): void {
    this.#reason = reason;
    this.deadlineMs = now + LAST_BYTES_MS;
    this.#client.finish(now);
    this.#backend.finish(now);
  }
}
