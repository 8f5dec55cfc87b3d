import type { Socket } from 'node:net';
import { reset } from '../shared/reset.ts';
import { copyOf } from '../shared/read-buffers.ts';
import { READ_BYTES, type SocketInput } from '../shared/socket-input.ts';
import { lendBuffer, takeBack } from './lent-buffers.ts';

/** What an end tells the splice that it is of. */
export interface SpliceEndOwner {
  /** It sends no more. */
  onEnded(end: SpliceEnd): void;
  /** It is closed in both directions; `failed`: by a reset, or what amounts to one. */
  onGone(end: SpliceEnd, failed: boolean): void;
}

/** How long ago the last byte may be of a direction in which more is likely to be on its way. */
const UNDER_WAY_MS = 1000;

/** So much at once belongs to a large transfer. */
const LARGE_BYTES = READ_BYTES / 4;

/** One of the two sockets of a splice, and what comes from it on its way to the other one. */
export class SpliceEnd {
  /** That came from it. */
  bytes = 0;
  /** When something last came from it, or what came could last be passed on; on the clock of performance.now(). */
  lastMs = 0;
  /** It sends no more. */
  ended = false;
  /** It is closed in both directions. */
  gone = false;
  readonly #socket: Socket;
  readonly #owner: SpliceEndOwner;
  #other: SpliceEnd = this;
  #input: SocketInput | null = null;
  #paused = false;

  constructor(socket: Socket, owner: SpliceEndOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  /** Takes the socket over; its other listeners are gone by then. `readAhead`: what was read from it before. */
  open(input: SocketInput, other: SpliceEnd, readAhead: Buffer | null): void {
    const socket = this.#socket;
    this.#other = other;
    this.lastMs = performance.now();
    this.#input = input;
    input.receive = (piece) => this.#onData(piece, input);
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#other.#flow());
    socket.on('error', ignore); // 'close' follows
    socket.on('close', (failed) => this.#onClose(failed));
    if (readAhead !== null) this.#pass(copyOf(readAhead));
  }

  /** Once both ends are open. */
  begin(): void {
    // What happened between the two owners of the socket was heard by nobody.
    if (this.#socket.closed) this.#onClose(this.#socket.errored !== null);
    else if (this.#socket.readableEnded) this.#onEnd();
    else if (!this.#paused) this.#socket.resume();
  }

  /**
   * Ends it in both directions. A stream of bytes that is cut off within must not look like a whole one,
   * so that it is reset where something of it is under way; else it ends as if the sender had ended it.
   */
  finish(now: number): void {
    if (this.#other.#isUnderWay(now) || this.#socket.writableLength > 0) this.reset();
    else if (!this.gone) this.#socket.destroySoon();
  }

  reset(): void {
    if (!this.gone) reset(this.#socket);
  }

  /** Ends it in both directions when what was written has left. */
  destroySoon(): void {
    if (!this.gone) this.#socket.destroySoon();
  }

  /** Since when it is silent, `now` at the latest: what a bandwidth holds up is not. */
  silentSinceMs(now: number): number {
    const held = this.#input?.held ?? null;
    if (held === null) return this.lastMs;
    return held.reads || held.writes ? now : Math.max(this.lastMs, held.lastMs);
  }

  #isUnderWay(now: number): boolean {
    if (this.#paused) return true;
    const maySend = !this.ended && this.bytes > 0;
    return maySend && (now - this.lastMs < UNDER_WAY_MS || this.#input?.held?.reads === true);
  }

  #onData(piece: Buffer, input: SocketInput): void {
    this.lastMs = performance.now();
    // A write that has to wait keeps its buffer.
    const isOurs = input.ownBuffer !== null || input.piecesLast;
    const waits = this.#pass(isOurs ? piece : copyOf(piece));
    // While it is paused nothing is read, so that its own buffer may wait with what is in it.
    if (!this.#paused) chooseBuffer(input, piece.length, waits);
  }

  /** @returns whether some of it waits to be written */
  #pass(bytes: Buffer): boolean {
    this.bytes += bytes.length;
    if (this.#other.gone) return false;
    const to = this.#other.#socket;
    const takesMore = to.write(bytes);
    const waits = to.writableLength > 0;
    // `write` says that it is full by what it was given, however much of that has left.
    if (!takesMore && waits) {
      this.#paused = true;
      this.#socket.pause();
    }
    return waits;
  }

  #flow(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.lastMs = performance.now();
    this.#socket.resume();
  }

  #onEnd(): void {
    if (this.ended) return;
    this.ended = true;
    if (!this.#other.gone) this.#other.#socket.end();
    this.#owner.onEnded(this);
  }

  #onClose(failed: boolean): void {
    if (this.gone) return;
    this.ended = true;
    this.gone = true;
    if (this.#input !== null) giveBack(this.#input, this.#paused);
    this.#paused = false;
    this.#owner.onGone(this, failed);
  }
}

/** Where the next piece is read into, after one of so many bytes. */
function chooseBuffer(input: SocketInput, bytes: number, waits: boolean): void {
  if (waits || bytes < LARGE_BYTES) giveBack(input, waits);
  else if (!input.piecesLast) input.ownBuffer ??= lendBuffer();
}

function giveBack(input: SocketInput, inUse: boolean): void {
  if (input.ownBuffer === null) return;
  takeBack(input.ownBuffer, inUse);
  input.ownBuffer = null;
}

function ignore(): void {}
