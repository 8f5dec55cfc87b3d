import { createServer, type Server, type Socket } from 'node:net';

/** Who serves the connections of an address. */
export interface SocketTaker {
  /** `socket`: paused, and half-open connections are left to the taker. `localPort`: 0 for a Unix socket. */
  accept(socket: Socket, localPort: number): void;
  onAcceptFailed(error: Error): void;
}

/** Accepts at one address that the primary has bound. Who takes the connections may change, so that a reload which makes another kind of listener of an address loses none. */
export class BoundServer {
  taker: SocketTaker;
  readonly #server: Server;
  #localPort = 0;

  constructor(taker: SocketTaker) {
    this.taker = taker;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      this.taker.accept(socket, this.#localPort),
    );
  }

  /** 0 for a Unix socket. */
  get localPort(): number {
    return this.#localPort;
  }

  listen(handle: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(handle, () => {
        const address = this.#server.address();
        this.#localPort = address !== null && typeof address === 'object' ? address.port : 0;
        this.#server.removeListener('error', reject);
        this.#server.on('error', (error) => this.taker.onAcceptFailed(error));
        resolve();
      });
    });
  }

  /** Accepts no more; what was accepted goes on. */
  close(): void {
    this.#server.close();
  }
}
