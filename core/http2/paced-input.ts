import type { Socket } from 'node:net';
import { copyOf } from '../shared/read-buffers.ts';
import type { Outgoing } from './outgoing.ts';

/** DATA alone never lets so much wait in the socket: heads and acknowledgements do, for a peer that asks without reading. It is not read then. */
const MAX_UNSENT_BYTES = 512 * 1024;

/** What one connection receives, no more at a time than its reader takes, and nothing while the peer leaves unread what it asked for. */
export class PacedInput {
  readonly #socket: Socket;
  readonly #outgoing: Outgoing;
  readonly #read: (chunk: Buffer) => number | null;
  #unread: Buffer | null = null;

  /** `read`: says how much it has read, the rest comes again when others have had their turn; or null when the connection is over. */
  constructor(socket: Socket, outgoing: Outgoing, read: (chunk: Buffer) => number | null) {
    this.#socket = socket;
    this.#outgoing = outgoing;
    this.#read = read;
  }

  receive(chunk: Buffer): void {
    if (this.#unread === null) this.#take(chunk);
    // TLS may still have something at hand when its socket is paused.
    else this.#unread = Buffer.concat([this.#unread, chunk]);
  }

  /** The socket has taken what was written. */
  resume(): void {
    if (this.#unread === null && this.#socket.isPaused()) this.#socket.resume();
  }

  #take(chunk: Buffer): boolean {
    const read = this.#read(chunk);
    if (read === null) return false;
    if (read < chunk.length) {
      this.#unread = copyOf(chunk.subarray(read));
      setImmediate(() => this.#goOn());
    } else if (this.#outgoing.unsentBytes <= MAX_UNSENT_BYTES) return true;
    this.#socket.pause();
    return false;
  }

  #goOn(): void {
    const unread = this.#unread;
    this.#unread = null;
    if (unread !== null && this.#take(unread)) this.resume();
  }
}
