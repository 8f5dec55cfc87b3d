import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { poll } from './poll.ts';

/** How many ask at a time: as many as a receive buffer of the usual size holds for sure. */
const AT_A_TIME = 100;

/** Many clients, each with a socket of its own. */
export class UdpCrowd {
  readonly #sockets: readonly Socket[];
  readonly #answers: (string | null)[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
    this.#answers = sockets.map(() => null);
    for (const [i, socket] of sockets.entries())
      socket.on('message', (data: Buffer) => {
        this.#answers[i] = data.toString();
      });
    onTestFinished(() => {
      for (const socket of sockets) socket.close();
    });
  }

  static async open(size: number): Promise<UdpCrowd> {
    const sockets = Array.from({ length: size }, () => createSocket('udp4'));
    for (const socket of sockets) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return new UdpCrowd(sockets);
  }

  /** What each of them is answered, asked once. `keepsOn`: whoever has no answer after a second asks again. */
  async ask(text: string, port: number, keepsOn = false): Promise<readonly string[]> {
    this.#answers.fill(null);
    for (let from = 0; from < this.#sockets.length; from += AT_A_TIME) {
      const asking = this.#sockets.slice(from, from + AT_A_TIME);
      let askedMs = 0;
      await poll(() => {
        const silent = asking.filter((_, i) => this.#answers[from + i] === null);
        if (silent.length > 0 && (askedMs === 0 || (keepsOn && performance.now() > askedMs + 1000))) {
          askedMs = performance.now();
          for (const socket of silent) socket.send(text, port, '127.0.0.1');
        }
        return silent.length === 0;
      });
    }
    return this.#answers.map((answer) => answer ?? '');
  }
}
