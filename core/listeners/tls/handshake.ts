import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Deadlines, Timed } from '../../shared/deadlines.ts';

/** The listener that a connection came to. */
export interface HandshakeOwner {
  readonly deadlines: Deadlines;
  /** The connection is to be used through `socket` from now on. */
  onSecure(socket: TLSSocket): void;
  /** The connection has ended. */
  onFailed(reason: string): void;
}

/** The first stage of a connection to an HTTPS listener: no name, no certificate and no request is known yet. */
export class Handshake implements Timed {
  readonly raw: Socket;
  deadlineMs: number;
  readonly #timeoutMs: number;
  readonly #owner: HandshakeOwner;
  readonly #onOver: (handshake: Handshake) => void;
  readonly #onClose = (): void => this.fail('the client closed the connection');
  #over = false;

  /** `onOver`: called once, before the owner hears how it ended. */
  constructor(raw: Socket, timeoutMs: number, owner: HandshakeOwner, onOver: (handshake: Handshake) => void) {
    this.raw = raw;
    this.#timeoutMs = timeoutMs;
    this.#owner = owner;
    this.#onOver = onOver;
    this.deadlineMs = performance.now() + timeoutMs;
    owner.deadlines.add(this);
    raw.on('error', () => {}); // 'close' follows
    raw.once('close', this.#onClose);
  }

  succeed(socket: TLSSocket): void {
    if (this.#over) socket.destroy();
    else {
      this.#end();
      socket.allowHalfOpen = true;
      this.#owner.onSecure(socket);
    }
  }

  fail(reason: string): void {
    if (this.#over) return;
    this.#end();
    this.raw.destroySoon();
    this.#owner.onFailed(reason);
  }

  /** It ends by itself soon enough. */
  closeIfIdle(): void {}

  destroy(): void {
    this.raw.destroy();
  }

  onDeadline(): void {
    this.fail(`no whole handshake within ${this.#timeoutMs} ms`);
    this.raw.destroy();
  }

  #end(): void {
    this.#over = true;
    this.#owner.deadlines.delete(this);
    this.raw.removeListener('close', this.#onClose);
    this.#onOver(this);
  }
}
