import type { Socket } from 'node:net';

/** How a connection ended: in good order (FIN), or not. */
export type SocketEnd = 'fin' | 'reset';

/** One end of a connection in a test's hands: bytes as latin1 text, and waiting for them. */
export class RawSocket {
  readonly socket: Socket;
  /** What was received and not yet taken. */
  buffered = '';
  /** Bytes received in all. */
  bytesReceived = 0;
  /** How the other end closed, null while it has not. */
  ended: SocketEnd | null = null;
  /** Whether data is kept; a test that moves megabytes only counts it. */
  keepsData = true;
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.bytesReceived += chunk.length;
      if (this.keepsData) this.buffered += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('end', () => this.#end('fin'));
    socket.on('error', () => this.#end('reset'));
    socket.on('close', () => this.#end('reset'));
  }

  /** Resolves once written to the kernel; nobody needs to wait for that. */
  send(data: string | Buffer): void {
    if (typeof data === 'string') this.socket.write(data, 'latin1');
    else this.socket.write(data);
  }

  /** Writes as much as the other side takes, until `stop` says so or the connection is gone. Resolves to the bytes handed to the socket. */
  async pour(piece: Buffer, times: number): Promise<number> {
    let written = 0;
    for (let i = 0; i < times && !this.socket.destroyed; i++) {
      written += piece.length;
      if (this.socket.write(piece)) continue;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.socket.off('drain', done);
          this.socket.off('close', done);
          resolve();
        };
        this.socket.on('drain', done);
        this.socket.on('close', done);
      });
    }
    return written;
  }

  /** Waits until `take` gives something, looking again whenever bytes come; fails when the connection ends before. */
  async until<T>(take: () => T | null, what: string): Promise<T> {
    for (;;) {
      const taken = take();
      if (taken !== null) return taken;
      if (this.ended !== null)
        throw new Error(
          `the connection ended (${this.ended}) before ${what}; received: ${JSON.stringify(this.buffered.slice(0, 400))}`,
        );
      await this.#change();
    }
  }

  /** Waits until the other end has closed. */
  async end(): Promise<SocketEnd> {
    for (;;) {
      if (this.ended !== null) return this.ended;
      await this.#change();
    }
  }

  /** Takes the next head, or null while it is not whole. */
  takeHead(): string | null {
    const end = this.buffered.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const head = this.buffered.slice(0, end);
    this.buffered = this.buffered.slice(end + 4);
    return head;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #end(how: SocketEnd): void {
    this.ended ??= how;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
