import type { Socket } from 'node:net';
import type { Peer } from '../exchange/streams.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { PREFACE } from '../http2/frame-types.ts';
import type { ServerSessionOwner } from '../http2/server-session.ts';
import type { Timed } from '../shared/deadlines.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import { serveHttp2 } from './http2.ts';
import type { Stage } from './stage.ts';

/** So much of the preface no HTTP/1 request can begin with. */
const TELLING = Buffer.from(PREFACE.slice(0, PREFACE.indexOf('\r')), 'latin1');

/** A connection of which it is not known yet whether it speaks HTTP/1.1 or HTTP/2: its first bytes tell. */
export class FirstBytes implements Stage, Timed {
  deadlineMs: number;
  readonly #socket: Socket;
  readonly #input: SocketInput;
  readonly #peer: Peer;
  readonly #owner: ServerSessionOwner;
  #bytes: Buffer = Buffer.alloc(0);
  /** What it turned out to be. */
  #next: Stage | null = null;

  constructor(socket: Socket, input: SocketInput, peer: Peer, owner: ServerSessionOwner) {
    this.#socket = socket;
    this.#input = input;
    this.#peer = peer;
    this.#owner = owner;
    this.deadlineMs = performance.now() + owner.limits().headerMs;
    owner.deadlines.add(this);
    input.receive = (piece) => this.#onBytes(piece);
    socket.on('error', () => {}); // 'close' follows
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
  }

  closeIfIdle(): void {
    if (this.#next !== null) this.#next.closeIfIdle();
    else if (this.#bytes.length === 0) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  onDeadline(): void {
    this.#socket.destroySoon();
  }

  #onBytes(piece: Buffer): void {
    const bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    const length = Math.min(bytes.length, TELLING.length);
    const isPreface = bytes.compare(TELLING, 0, length, 0, length) === 0;
    if (isPreface && length < TELLING.length) {
      this.#bytes = Buffer.from(bytes);
      return;
    }
    this.#owner.deadlines.delete(this);
    this.#socket.removeListener('end', this.#onEnd);
    this.#socket.removeListener('close', this.#onClose);
    this.#next = isPreface
      ? serveHttp2(this.#socket, this.#input, this.#peer, this.#owner)
      : new ServerConnection(this.#socket, this.#input, this.#peer, this.#owner);
    this.#input.receive(bytes);
  }

  readonly #onEnd = (): void => this.#socket.destroySoon();

  readonly #onClose = (): void => {
    this.#owner.deadlines.delete(this);
    this.#owner.onClosed(this.#peer);
  };
}
