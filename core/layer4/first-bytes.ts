import type { Socket } from 'node:net';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import type { SocketInput } from '../shared/socket-input.ts';

/** Each piece by itself takes so much more than its bytes that single ones would take a hundred times their size. */
const MOST_PIECES = 64;

/**
 * What a client sends first, held until it is known where it goes. Held is at most what was asked for and what one read brings along,
 * since nothing more is read then.
 */
export class FirstBytes implements Timed {
  deadlineMs = 0;
  readonly #socket: Socket;
  readonly #deadlines: Deadlines;
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #wanted = 0;
  /** What waits for them; null: nothing does. */
  #next: ((isAll: boolean) => void) | null = null;
  readonly #onEnd = (): void => this.#stop(true);

  /** `socket`: paused. */
  constructor(socket: Socket, input: SocketInput, deadlines: Deadlines) {
    this.#socket = socket;
    this.#deadlines = deadlines;
    input.receive = (piece) => this.add(piece);
    socket.once('end', this.#onEnd);
  }

  get length(): number {
    return this.#length;
  }

  /** All that there are. */
  bytes(): Buffer {
    if (this.#pieces.length > 1) this.#pieces.splice(0, Infinity, Buffer.concat(this.#pieces));
    return this.#pieces[0] ?? Buffer.alloc(0);
  }

  /** Gives them away; null: there are none. */
  take(): Buffer | null {
    const taken = this.#length === 0 ? null : this.bytes();
    this.#pieces.length = 0;
    this.#length = 0;
    return taken;
  }

  /** A copy is kept. */
  add(piece: Buffer): void {
    this.#pieces.push(Buffer.from(piece));
    this.#length += piece.length;
    if (this.#pieces.length === MOST_PIECES) this.bytes();
    if (this.#next !== null && this.#length >= this.#wanted) this.#stop(false);
  }

  /**
   * Waits for `bytes` of them in all.
   * @param endMs until when, on the clock of performance.now()
   * @param next called once, never within this call. `isAll`: no more come, since the client has ended, or not in time
   */
  waitFor(bytes: number, endMs: number, next: (isAll: boolean) => void): void {
    this.#wanted = bytes;
    this.#next = next;
    this.deadlineMs = endMs;
    this.#deadlines.add(this);
    if (this.#length >= bytes || this.#socket.readableEnded)
      setImmediate(() => this.#stop(this.#length < bytes));
    else this.#socket.resume();
  }

  /** Reads on, up to so many bytes, for nothing but to hear of it when the client goes: a socket that is not read says nothing of that. */
  listen(bytes: number): void {
    if (this.#length < bytes && !this.#socket.readableEnded)
      this.waitFor(bytes, Number.POSITIVE_INFINITY, ignore);
  }

  onDeadline(): void {
    this.#stop(true);
  }

  /** Lets go of the socket, which is paused. */
  leave(): void {
    this.#next = null;
    this.#deadlines.delete(this);
    this.#socket.pause();
    this.#socket.off('end', this.#onEnd);
  }

  #stop(isAll: boolean): void {
    const next = this.#next;
    if (next === null) return;
    this.#next = null;
    this.#deadlines.delete(this);
    this.#socket.pause();
    next(isAll);
  }
}

function ignore(): void {}
