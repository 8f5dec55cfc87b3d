import type { Socket } from 'node:net';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import type { SocketInput } from '../shared/socket-input.ts';

export interface FirstBytesOwner {
  /** So many bytes as were asked for are there, or no more come. */
  onFirstBytes(): void;
}

/** What a client sends first, held until it is known where it goes. */
export class FirstBytes implements Timed {
  deadlineMs = 0;
  /** The client sends no more, or its time is over. */
  isOver = false;
  readonly #socket: Socket;
  readonly #deadlines: Deadlines;
  readonly #owner: FirstBytesOwner;
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #wanted = 0;
  readonly #onEnd = (): void => this.#stop(true);

  /** `socket`: paused. */
  constructor(socket: Socket, input: SocketInput, deadlines: Deadlines, owner: FirstBytesOwner) {
    this.#socket = socket;
    this.#deadlines = deadlines;
    this.#owner = owner;
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

  /** A copy is kept. */
  add(piece: Buffer): void {
    this.#pieces.push(Buffer.from(piece));
    this.#length += piece.length;
    if (this.#wanted > 0 && this.#length >= this.#wanted) this.#stop(false);
  }

  /**
   * Waits for `bytes` of them in all; `onFirstBytes` follows, never within this call.
   * @param endMs until when, on the clock of performance.now()
   */
  waitFor(bytes: number, endMs: number): void {
    this.#wanted = bytes;
    this.deadlineMs = endMs;
    this.#deadlines.add(this);
    if (this.#length >= bytes || this.#socket.readableEnded) setImmediate(() => this.#stop(false));
    else this.#socket.resume();
  }

  onDeadline(): void {
    this.#stop(true);
  }

  /** Lets go of the socket, which is paused. */
  leave(): void {
    this.#wanted = 0;
    this.#deadlines.delete(this);
    this.#socket.pause();
    this.#socket.off('end', this.#onEnd);
  }

  #stop(isOver: boolean): void {
    if (isOver || this.#socket.readableEnded) this.isOver = true;
    if (this.#wanted === 0) return;
    this.#wanted = 0;
    this.#deadlines.delete(this);
    this.#socket.pause();
    this.#owner.onFirstBytes();
  }
}
