import type { Socket } from 'node:net';
import { SocketInput } from '../../shared/socket-input.ts';
import { open } from './open.ts';
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

/** How much of an answer is looked at. */
const longestAnswer = 64 * 1024;
/** Each piece has all that came before it looked at again. */
const mostPieces = 1000;

/** How long a connection may go on after its check. */
const partingMs = 1000;

/** A check over one connection of its own. */
export class Conversation implements RunningProbe {
  readonly #target: CheckTarget;
  readonly #socket: Socket;
  readonly #talk: Talk;
  readonly #done: (result: ProbeResult) => void;
  #received = '';
  #pieces = 0;
  #isConnected = false;
  #isOver = false;

  constructor(target: CheckTarget, talk: Talk, done: (result: ProbeResult) => void) {
    this.#target = target;
    this.#talk = talk;
    this.#done = done;
    const input = new SocketInput();
    const { socket, ready } = open(target, talk.protocols, input);
    this.#socket = socket;
    socket.once(ready, () => {
      this.#isConnected = true;
      if (talk.opening !== '') socket.write(talk.opening, 'latin1');
      this.#judge(null);
    });
    input.receive = (piece) => this.#onData(piece);
    socket.on('error', (error) => this.#finish(failureOf(error)));
    socket.on('end', () => this.#judge('closed the connection'));
    socket.on('close', () => this.#judge('closed the connection'));
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
    this.#socket.destroy();
  }

  #onData(piece: Buffer): void {
    if (this.#isOver) return;
    this.#received += piece.toString('latin1');
    this.#pieces += 1;
    const isTooMuch = this.#received.length >= longestAnswer || this.#pieces >= mostPieces;
    this.#judge(isTooMuch ? 'went on without end' : null);
  }

  /** `ended`: why nothing more is looked at, or null. */
  #judge(ended: string | null): void {
    if (this.#isOver) return;
    const result = this.#talk.judge(this.#received, ended !== null);
    if (result !== null) this.#finish(result);
    else if (ended !== null) this.#finish({ ok: false, reason: ended });
  }

  #finish(result: ProbeResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const socket = this.#socket;
    const { farewell } = this.#talk;
    if (farewell !== undefined && result.ok === true) socket.end(farewell, 'latin1');
    // What was sent has left unless the system's buffers are full: then it is not cut off either.
    else if (socket.writableLength > 0) socket.destroySoon();
    else socket.destroy();
    // Who neither reads nor closes is not waited for: there would be one more with every check.
    if (!socket.destroyed) setTimeout(() => socket.destroy(), partingMs).unref();
    this.#done(result);
  }
}
