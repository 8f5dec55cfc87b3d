import type { Socket } from 'node:net';
import { SocketInput } from '../../shared/socket-input.ts';
import { open } from './open.ts';
import type { CheckTarget } from './probe.ts';

/** The check that a connection serves. */
export interface ConnectionUser {
  onConnected(): void;
  /** Valid during the call only. */
  onData(piece: Buffer): void;
  /** There will be no more; `error`: null where the backend has closed. */
  onEnd(error: Error | null): void;
}

/** How long a connection may go on after its last check. */
const partingMs = 1000;

/** A connection to a backend for one check after the other. */
export class CheckConnection {
  /** How many checks it has served. */
  checks = 0;
  /** Called when it is over, with a user or without. */
  onOver: (() => void) | null = null;
  /** null: nobody awaits anything. */
  #user: ConnectionUser | null;
  #isOver = false;
  readonly #socket: Socket;

  /** Begins to connect. `protocols`: for ALPN, with TLS. */
  constructor(target: CheckTarget, protocols: readonly string[] | undefined, user: ConnectionUser) {
    this.#user = user;
    const input = new SocketInput();
    const { socket, ready } = open(target, protocols, input);
    this.#socket = socket;
    socket.once(ready, () => this.#user?.onConnected());
    input.receive = (piece) => {
      // To no request of ours: an answer that says that time is up, or one too many.
      if (this.#user === null) this.close();
      else this.#user.onData(piece);
    };
    socket.on('error', (error) => this.#end(error));
    socket.on('end', () => this.#end(null));
    socket.on('close', () => this.#end(null));
  }

  /** Whether it waits for its next check. */
  get isIdle(): boolean {
    return this.#user === null && !this.#isOver;
  }

  /** `user`: null when what it awaited has come. */
  use(user: ConnectionUser | null): void {
    this.#user = user;
  }

  send(text: string): void {
    if (text !== '') this.#socket.write(text, 'latin1');
  }

  /** Nobody hears of it any more. `farewell`: to be sent before. */
  close(farewell = ''): void {
    if (this.#isOver) return;
    this.#over();
    const socket = this.#socket;
    if (farewell !== '') socket.end(farewell, 'latin1');
    // What was sent has left unless the system's buffers are full: then it is not cut off either.
    else if (socket.writableLength > 0) socket.destroySoon();
    else socket.destroy();
    // Who neither reads nor closes is not waited for: there would be one more with every check.
    if (!socket.destroyed) setTimeout(() => socket.destroy(), partingMs).unref();
  }

  /** At once, whatever was still to be sent. */
  destroy(): void {
    this.#over();
    this.#socket.destroy();
  }

  #end(error: Error | null): void {
    if (this.#isOver) return;
    const user = this.#user;
    this.destroy();
    user?.onEnd(error);
  }

  #over(): void {
    this.#isOver = true;
    this.#user = null;
    this.onOver?.();
    this.onOver = null;
  }
}
