import type { TunnelEnd } from '../exchange/streams.ts';
import type { HttpListenerConfig } from '../shared/listener-types.ts';
import type { Timed } from '../shared/deadlines.ts';
import { ProxyError } from '../shared/errors.ts';
import { TunnelDirection, type DirectionOwner } from './tunnel-direction.ts';

/** How long one end may take to read what the other one sent before it closed, and be silent before it closes, too. */
const LAST_BYTES_MS = 30_000;

/** How long a closing WebSocket waits for more of a frame under way, and then for the close frames of both ends. */
const CLOSE_WAIT_MS = 5_000;

/** How long a frame under way may take to end however much of it comes: its header may promise 2^63 bytes. */
const LAST_FRAME_MS = 60_000;

/** How a WebSocket ended. */
export interface TunnelEnding {
  readonly bytesFromClient: number;
  readonly bytesFromBackend: number;
  /** null: an end closed it with a close frame. */
  readonly error: ProxyError | null;
}

/**
 * Joins the two ends of a WebSocket: bytes pass untouched in both directions, each waits for the slower
 * one, an end passes on by itself, and a failure of one ends the other. What the proxy itself ends
 * (idle for too long, or its backend or listener leaves) gets a close frame in both directions, each as soon as no frame
 * is under way there, and a bounded time to answer it.
 */
export class Tunnel implements Timed, DirectionOwner {
  deadlineMs = 0;
  readonly #settings: HttpListenerConfig['webSocket'];
  readonly #fromClient: TunnelDirection;
  readonly #fromBackend: TunnelDirection;
  readonly #onEnd: (ending: TunnelEnding) => void;
  #phase: 'open' | 'closing' | 'last-bytes' = 'open';
  #leaveAtMs = Number.POSITIVE_INFINITY;
  #cutAtMs = Number.POSITIVE_INFINITY;
  #endedFirst: TunnelDirection | null = null;
  #error: ProxyError | null = null;

  /** `onEnd` is called once. */
  constructor(
    client: TunnelEnd,
    backend: TunnelEnd,
    settings: HttpListenerConfig['webSocket'],
    onEnd: (ending: TunnelEnding) => void,
  ) {
    this.#settings = settings;
    this.#onEnd = onEnd;
    this.#fromClient = new TunnelDirection(client, backend, true, this);
    this.#fromBackend = new TunnelDirection(backend, client, false, this);
    this.#armWhileOpen();
  }

  open(): void {
    this.#fromClient.open(this.#fromBackend);
    this.#fromBackend.open(this.#fromClient);
  }

  /**
   * Its listener or backend goes away: it may go on for `drainTimeout`, then it is closed.
   * @param endMs when it has to be over, on the clock of performance.now()
   */
  leave(endMs: number): void {
    const now = performance.now();
    const atMs = Math.max(now, Math.min(now + this.#settings.drainTimeoutMs, endMs - CLOSE_WAIT_MS));
    this.#leaveAtMs = Math.min(this.#leaveAtMs, atMs);
    if (this.#phase === 'open') this.#armWhileOpen();
  }

  // --- time ----------------------------------------------------------------------------------

  onDeadline(): void {
    if (this.#phase === 'open') this.#checkWhileOpen(performance.now());
    else if (this.#phase === 'closing') this.#giveUpClosing();
    else this.#destroy();
  }

  #checkWhileOpen(now: number): void {
    const { idleMs, pingMs } = this.#settings;
    if (this.#endedFirst !== null && now >= this.#silentAtMs()) return this.#endBoth();
    if (now >= this.#leaveAtMs)
      return this.#close(
        new ProxyError('websocket-drained', 'proxy', 'closed, since its listener or backend goes away'),
      );
    if (now >= this.#silentAtMs())
      return this.#close(new ProxyError('websocket-idle', 'client', `nothing came for ${idleMs} ms`));
    if (pingMs !== null) {
      this.#askForLife(this.#fromClient, this.#fromBackend, now - pingMs);
      this.#askForLife(this.#fromBackend, this.#fromClient, now - pingMs);
    }
    this.#armWhileOpen();
  }

  /** Pings the sender of `from` if it has been silent since `sinceMs`, by the direction `to` that leads there. */
  #askForLife(from: TunnelDirection, to: TunnelDirection, sinceMs: number): void {
    if (Math.max(from.lastMs, from.pingedMs) > sinceMs) return;
    from.pingedMs = performance.now();
    to.ping();
  }

  /** When it has been silent for too long. Where one end is done, nobody waits long for the other one. */
  #silentAtMs(): number {
    const { idleMs } = this.#settings;
    if (this.#endedFirst === null) return this.#aliveMs() + idleMs;
    return Math.max(this.#fromClient.lastMs, this.#fromBackend.lastMs) + Math.min(idleMs, LAST_BYTES_MS);
  }

  /**
   * When something last came; where both ends are pinged, from the one that has been silent for longer: each of
   * them has to answer, and an end that has vanished must not be kept by the answers of the other.
   */
  #aliveMs(): number {
    const both = [this.#fromClient, this.#fromBackend];
    const expected = this.#settings.pingMs === null ? [] : both.filter(({ flows }) => flows);
    if (expected.length === 0) return Math.max(...both.map(({ lastMs }) => lastMs));
    return Math.min(...expected.map(({ lastMs }) => lastMs));
  }

  #armWhileOpen(): void {
    const { pingMs } = this.#settings;
    let atMs = Math.min(this.#leaveAtMs, this.#silentAtMs());
    if (pingMs !== null)
      for (const { lastMs, pingedMs } of [this.#fromClient, this.#fromBackend])
        atMs = Math.min(atMs, Math.max(lastMs, pingedMs) + pingMs);
    this.deadlineMs = atMs;
  }

  // --- closing -------------------------------------------------------------------------------

  #close(error: ProxyError): void {
    this.#error = error;
    this.#phase = 'closing';
    this.deadlineMs = performance.now() + CLOSE_WAIT_MS;
    this.#cutAtMs = performance.now() + LAST_FRAME_MS;
    this.#fromClient.close();
    this.#fromBackend.close();
    this.#endClosed();
  }

  onLastFrame(): void {
    this.deadlineMs = Math.min(performance.now() + CLOSE_WAIT_MS, this.#cutAtMs);
  }

  onSenderDone(direction: TunnelDirection): void {
    this.#endedFirst ??= direction;
    if (this.#phase === 'closing') this.#endClosed();
    else if (this.#phase === 'open') this.#armWhileOpen();
  }

  #endClosed(): void {
    this.#endIfClosed(this.#fromClient, this.#fromBackend);
    this.#endIfClosed(this.#fromBackend, this.#fromClient);
  }

  /** Ends the sender of `from`, to which `to` leads, if close frames went both ways (RFC 6455 7.1.1). */
  #endIfClosed(from: TunnelDirection, to: TunnelDirection): void {
    if (to.closeSent && (from.senderClosed || from.ended) && !from.gone) from.from.destroySoon();
  }

  #giveUpClosing(): void {
    if (this.#fromClient.closeWaits || this.#fromBackend.closeWaits) {
      this.#error = new ProxyError('websocket-cut', 'proxy', 'cut off within a frame that did not end');
    }
    this.#waitForLastBytes();
    for (const [from, to] of [
      [this.#fromClient, this.#fromBackend],
      [this.#fromBackend, this.#fromClient],
    ] as const) {
      if (to.closeWaits) to.cut();
      else from.from.destroySoon();
    }
  }

  // --- ending --------------------------------------------------------------------------------

  onGone(direction: TunnelDirection, failed: boolean): void {
    const other = direction === this.#fromClient ? this.#fromBackend : this.#fromClient;
    this.#endedFirst ??= direction;
    if (other.gone) {
      this.deadlineMs = 0;
      this.#onEnd({
        bytesFromClient: this.#fromClient.bytes,
        bytesFromBackend: this.#fromBackend.bytes,
        error: this.#error ?? this.#failure(),
      });
    } else if (this.#phase === 'closing' && direction.closeSent) this.#endClosed();
    else if (failed) other.from.destroy();
    else {
      other.from.destroySoon();
      this.#waitForLastBytes();
    }
  }

  #endBoth(): void {
    this.#waitForLastBytes();
    for (const { from, gone } of [this.#fromClient, this.#fromBackend]) if (!gone) from.destroySoon();
  }

  #waitForLastBytes(): void {
    this.#phase = 'last-bytes';
    this.deadlineMs = performance.now() + LAST_BYTES_MS;
  }

  #destroy(): void {
    for (const { from, gone } of [this.#fromClient, this.#fromBackend]) if (!gone) from.destroy();
  }

  /** Without a close frame it has failed (RFC 6455 7.1.5), and the end that went first did it. */
  #failure(): ProxyError | null {
    if (this.#fromClient.senderClosed || this.#fromBackend.senderClosed) return null;
    return this.#endedFirst === this.#fromBackend
      ? new ProxyError('backend-reset', 'backend', 'the backend ended the WebSocket without a close frame')
      : new ProxyError('client-abort', 'client', 'the client ended the WebSocket without a close frame');
  }
}
