import type { Socket } from 'node:net';
import type { HeaderList } from '../exchange/headers.ts';
import { messageBuffer } from '../shared/read-buffers.ts';
import { writeAtEndOfTurn, type Writer } from '../shared/turn.ts';

/**
 * Up to this size a head and its body leave in one latin1 string: one system call, and no
 * buffer is joined. Node writes strings below 16 KiB from the stack.
 */
const MAX_JOINED_BYTES = 16 * 1024 - 64;

/** Writes one message after the other to a socket, holding back what can leave together. */
export class MessageWriter implements Writer {
  readonly #socket: Socket;
  /** Whether anything has left since this was set to false. */
  hasWritten = false;
  #held = '';
  #waitsForEndOfTurn = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Keeps text that precedes a body until more comes, or until flush. */
  hold(text: string): void {
    this.#held += text;
  }

  writeNow(text: string): void {
    this.#held += text;
    this.writeHeld();
  }

  /**
   * Keeps nothing of `piece`: what is not joined to text is copied, since a write that has to wait keeps its buffer.
   * @returns false when the socket wants no more for now
   */
  body(piece: Buffer, chunked: boolean): boolean {
    const socket = this.#socket;
    if (this.#held.length + piece.length <= MAX_JOINED_BYTES) {
      const text = piece.toString('latin1');
      this.#held += chunked ? `${piece.length.toString(16)}\r\n${text}\r\n` : text;
      return !socket.writableNeedDrain;
    }
    const before = chunked ? `${this.#held}${piece.length.toString(16)}\r\n` : this.#held;
    const after = chunked ? '\r\n' : '';
    this.#held = '';
    this.hasWritten = true;
    const joined = messageBuffer(before.length + piece.length + after.length);
    joined.write(before, 'latin1');
    piece.copy(joined, before.length);
    joined.write(after, before.length + piece.length, 'latin1');
    socket.write(joined);
    return !socket.writableNeedDrain;
  }

  end(trailers: HeaderList | null, chunked: boolean): void {
    if (chunked) {
      this.#held += '0\r\n';
      if (trailers !== null) {
        for (let i = 0; i < trailers.length; i++)
          this.#held += `${trailers.names[i]}: ${trailers.values[i]}\r\n`;
      }
      this.#held += '\r\n';
    }
    this.flush();
  }

  /** What is held leaves at the end of this turn of the event loop. */
  flush(): void {
    if (this.#held === '' || this.#waitsForEndOfTurn) return;
    this.#waitsForEndOfTurn = true;
    writeAtEndOfTurn(this);
  }

  writeHeld(): void {
    this.#waitsForEndOfTurn = false;
    if (this.#held === '') return;
    const text = this.#held;
    this.#held = '';
    this.hasWritten = true;
    if (!this.#socket.destroyed) this.#socket.write(text, 'latin1');
  }
}
