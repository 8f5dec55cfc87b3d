import type { Socket } from 'node:net';
import type { TunnelEnd, TunnelEvents } from '../exchange/streams.ts';
import { copyOf } from '../shared/read-buffers.ts';
import type { SocketInput } from '../shared/socket-input.ts';

/** A whole connection as the end of a tunnel. Its other listeners are gone when it is handed over. */
export class SocketEnd implements TunnelEnd {
  readonly readAhead: Buffer | null;
  readonly #socket: Socket;
  readonly #input: SocketInput;

  constructor(socket: Socket, input: SocketInput, readAhead: Buffer | null) {
    this.#socket = socket;
    this.#input = input;
    this.readAhead = readAhead;
  }

  open(events: TunnelEvents): void {
    const socket = this.#socket;
    this.#input.receive = (piece) => events.onData(piece);
    socket.once('end', () => events.onEnd());
    socket.on('drain', () => events.onWritable());
    socket.on('error', () => {}); // 'close' follows
    socket.once('close', (failed) => events.onClose(failed));
    socket.resume();
  }

  write(piece: Buffer): boolean {
    // A write that has to wait keeps its buffer.
    return this.#socket.write(copyOf(piece));
  }

  end(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroySoon(): void {
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
