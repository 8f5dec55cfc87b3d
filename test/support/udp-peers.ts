import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { poll } from './poll.ts';

export interface Received {
  readonly text: string;
  readonly address: string;
  readonly port: number;
}

/** A socket that notes what comes to it; closed with the test. */
export class UdpPeer {
  readonly received: Received[] = [];
  readonly #socket: Socket;
  /** What it answers with; undefined: nothing. */
  onDatagram: (datagram: Received) => string | Buffer | readonly string[] | undefined = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, { address, port }: RemoteInfo) => {
      const datagram = { text: data.toString('latin1'), address, port };
      this.received.push(datagram);
      const answer = this.onDatagram(datagram);
      if (answer === undefined) return;
      for (const each of typeof answer === 'string' || Buffer.isBuffer(answer) ? [answer] : answer)
        socket.send(each, port, address);
    });
    onTestFinished(() => this.close());
  }

  static async open(address = '127.0.0.1', port = 0): Promise<UdpPeer> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new UdpPeer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get texts(): string[] {
    return this.received.map(({ text }) => text);
  }

  send(data: string | Buffer, port: number, address = '127.0.0.1'): void {
    this.#socket.send(data, port, address);
  }

  /** Sends, and waits until the kernel has it. */
  sent(data: string | Buffer, port: number, address = '127.0.0.1'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(data, port, address, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** Sends, and waits for the next datagram that comes. */
  async ask(data: string | Buffer, port: number, address = '127.0.0.1'): Promise<Received> {
    const before = this.received.length;
    this.send(data, port, address);
    return this.next(before);
  }

  /** The datagram after the first `before` ones. */
  next(before = this.received.length): Promise<Received> {
    return poll(() => this.received[before]);
  }

  close(): void {
    try {
      this.#socket.close();
    } catch {
      // closed by the test
    }
  }
}

/** Answers every datagram with its name and what came: `b1 hello`. */
export async function echoBackend(name: string, port = 0): Promise<UdpPeer> {
  const backend = await UdpPeer.open('127.0.0.1', port);
  backend.onDatagram = ({ text }) => `${name} ${text}`;
  return backend;
}
