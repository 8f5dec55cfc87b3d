import type { Socket } from 'node:net';
import type { Peer } from '../exchange/streams.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { ProxyHeaderError, type ProxyHeader } from './proxied-client.ts';
import { readProxyHeader } from './proxy-header.ts';

/** The listener that accepted the connection. It hears of exactly one of these. `peer`: the proxy. */
export interface ProxyHeaderOwner {
  readonly deadlines: Deadlines;
  /**
   * The header has come. `socket` is as it was accepted: paused, and what came behind the header is the
   * first that is read from it. It is to be taken over within the call.
   */
  onProxyHeader(socket: Socket, peer: Peer, header: ProxyHeader): void;
  /** The connection is closed; `problem`: what was wrong with the header, null where nothing was asked of us. */
  onNoProxyHeader(peer: Peer, problem: string | null): void;
}

/** A connection of which the header of the PROXY protocol has yet to come. */
export class ProxyHeaderStage implements Timed {
  deadlineMs: number;
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #timeoutMs: number;
  readonly #owner: ProxyHeaderOwner;
  #received: Buffer | null = null;
  #isOver = false;

  /** `socket`: accepted with `pauseOnConnect` and `allowHalfOpen`. */
  constructor(socket: Socket, peer: Peer, timeoutMs: number, owner: ProxyHeaderOwner) {
    this.#socket = socket;
    this.#peer = peer;
    this.#timeoutMs = timeoutMs;
    this.#owner = owner;
    this.deadlineMs = performance.now() + timeoutMs;
    owner.deadlines.add(this);
    socket.on('data', this.#onData);
    socket.on('end', this.#onGone);
    socket.on('close', this.#onGone);
    socket.on('error', () => {}); // 'close' follows and says all that matters
    socket.resume();
  }

  /** Of what has begun to speak, the header is as good as here. */
  closeIfIdle(): void {
    if (this.#received === null) this.destroy();
  }

  destroy(): void {
    this.#fail(null);
  }

  onDeadline(): void {
    this.#fail(`no whole header within ${this.#timeoutMs} ms`);
  }

  // Functions of their own, so that they can be taken off the socket without what else listens there.
  readonly #onData = (piece: Buffer): void => {
    const bytes = this.#received === null ? piece : Buffer.concat([this.#received, piece]);
    this.#received = bytes;
    const header = readOrProblem(bytes);
    if (typeof header === 'string') this.#fail(header);
    else if (header !== null) this.#handOver(header, bytes);
  };

  /** A connection that ends without a byte is how balancers find out whether somebody listens. */
  readonly #onGone = (): void => {
    this.#fail(this.#received === null ? null : 'the connection ended in mid-header');
  };

  #handOver(header: ProxyHeader, bytes: Buffer): void {
    const socket = this.#socket;
    this.#leave();
    socket.pause();
    if (bytes.length > header.bytes) socket.unshift(bytes.subarray(header.bytes));
    this.#owner.onProxyHeader(socket, this.#peer, header);
  }

  #fail(problem: string | null): void {
    if (this.#isOver) return;
    this.#leave();
    this.#socket.destroy();
    this.#owner.onNoProxyHeader(this.#peer, problem);
  }

  #leave(): void {
    this.#isOver = true;
    this.#owner.deadlines.delete(this);
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onGone);
    this.#socket.off('close', this.#onGone);
  }
}

function readOrProblem(bytes: Buffer): ProxyHeader | string | null {
  try {
    return readProxyHeader(bytes);
  } catch (error) {
    if (error instanceof ProxyHeaderError) return error.message;
    throw error;
  }
}
