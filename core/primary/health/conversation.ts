import { CheckConnection } from './check-connection.ts';
import type { ConnectionUser } from './check-connection.ts';
import type { KeptConnections } from './kept-connections.ts';
import { failureOf } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

/** What is said on a connection, and what is made of the answer. Texts are latin1. */
export interface Talk {
  /** Sent as soon as there is a connection. */
  readonly opening: string;
  /** Sent before the connection is closed after a good check. */
  readonly farewell?: string;
  readonly protocols?: readonly string[];
  /** For what the reason says that time ran out. */
  readonly awaits: string;
  /**
   * Looks at everything received so far, nothing at first. `ended`: there will be no more.
   * @returns null to wait for more, unless it has ended
   */
  judge(received: string, ended: boolean): ProbeResult | null;
}

/** How a check leaves its connection to the next one. */
export interface Reuse {
  readonly connections: KeptConnections;
  /** Where the answer ends that `judge` found good: null while there is more to come, -1 where the connection is of no further use. */
  endOf(received: string): number | null;
  /** What was received so far is void. */
  restart(): void;
}

/** How much of an answer is looked at. */
const longestAnswer = 64 * 1024;
/** Each piece has all that came before it looked at again. */
const mostPieces = 1000;

/** A check over one connection, and where that turns out to be gone, over another. */
export class Conversation implements RunningProbe, ConnectionUser {
  readonly #target: CheckTarget;
  readonly #talk: Talk;
  readonly #done: (result: ProbeResult) => void;
  readonly #reuse: Reuse | null;
  #connection: CheckConnection;
  #isReused: boolean;
  #received = '';
  #pieces = 0;
  #isConnected = false;
  #isOver = false;

  /** `reuse`: null for a connection of its own. */
  constructor(
    target: CheckTarget,
    talk: Talk,
    done: (result: ProbeResult) => void,
    reuse: Reuse | null = null,
  ) {
    this.#target = target;
    this.#talk = talk;
    this.#done = done;
    this.#reuse = reuse;
    const kept = reuse?.connections.take(target) ?? null;
    this.#isReused = kept !== null;
    this.#connection = kept ?? new CheckConnection(target, talk.protocols, this);
    if (kept === null) return;
    kept.use(this);
    this.onConnected();
  }

  timeOut(): ProbeResult {
    this.cancel();
    const { check, tls } = this.#target;
    const stage = tls === null ? 'no connection' : 'no TLS connection';
    return {
      ok: false,
      reason: `${this.#isConnected ? this.#talk.awaits : stage} within ${check.timeoutMs} ms`,
    };
  }

  cancel(): void {
    this.#isOver = true;
    this.#connection.destroy();
  }

  onConnected(): void {
    this.#isConnected = true;
    this.#connection.send(this.#talk.opening);
    this.#judge(null);
  }

  onData(piece: Buffer): void {
    this.#received += piece.toString('latin1');
    this.#pieces += 1;
    const isTooMuch = this.#received.length >= longestAnswer || this.#pieces >= mostPieces;
    if (!this.#isOver) this.#judge(isTooMuch ? 'went on without end' : null);
    else if (isTooMuch) this.#connection.close();
    else this.#awaitEnd();
  }

  onEnd(error: Error | null): void {
    if (this.#isOver) return;
    // Its backend was about to close it, which says nothing of how that is.
    if (this.#isReused) this.#beginAnew();
    else if (error !== null) this.#finish(failureOf(error));
    else this.#judge('closed the connection');
  }

  #beginAnew(): void {
    this.#isReused = false;
    this.#isConnected = false;
    this.#received = '';
    this.#pieces = 0;
    this.#reuse?.restart();
    this.#connection = new CheckConnection(this.#target, this.#talk.protocols, this);
  }

  /** `ended`: why nothing more is looked at, or null. */
  #judge(ended: string | null): void {
    const result = this.#talk.judge(this.#received, ended !== null);
    if (result !== null) this.#finish(result);
    else if (ended !== null) this.#finish({ ok: false, reason: ended });
  }

  #finish(result: ProbeResult): void {
    this.#isOver = true;
    const isGood = result.ok === true;
    if (isGood && this.#reuse?.connections.keep(this.#target, this.#connection) === true) this.#awaitEnd();
    else this.#connection.close(isGood ? this.#talk.farewell : '');
    this.#done(result);
  }

  /** The connection is free when the rest of the answer has come. */
  #awaitEnd(): void {
    const end = this.#reuse?.endOf(this.#received) ?? null;
    if (end === null) return;
    if (end === this.#received.length) this.#connection.use(null);
    else this.#connection.close();
  }
}
