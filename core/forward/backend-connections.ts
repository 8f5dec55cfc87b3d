import { isDeepStrictEqual } from 'node:util';
import type { BackendStream } from '../exchange/streams.ts';
import { BackendTls } from '../http1/backend-tls.ts';
import { openSocket, type OpeningSocket } from '../http1/open-socket.ts';
import type { SocketAddressConfig, UpstreamConfig } from '../shared/config-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { Wanted } from './connections.ts';
import { SessionPool } from './session-pool.ts';
import type { WaitingStream } from './dial.ts';

const ANY: Wanted = { fresh: false, upgrade: false, preface: null };

/** A backend with which none of them came about is left alone for so long. */
const WARM_UP_AGAIN_MS = 5000;

/** All connections to one backend with one protocol and the same TLS settings. */
export class BackendConnections {
  readonly #config: UpstreamConfig;
  readonly #http1: ConnectionPool;
  /** null where HTTP/2 is not spoken. */
  readonly #http2: SessionPool | null;
  /** The last config that was found to fit. */
  #fitting: UpstreamConfig;
  /** Of 'auto': the backend has chosen HTTP/1.1 lately. */
  #choseHttp1 = false;
  #warmedMs = Number.NEGATIVE_INFINITY;

  constructor(address: SocketAddressConfig, config: UpstreamConfig, deadlines: Deadlines) {
    const { protocol } = config;
    this.#config = config;
    this.#fitting = config;
    const tls = config.tls === null ? null : new BackendTls(config.tls, address);
    this.#http1 = new ConnectionPool((preface) => openSocket(address, tls, ['http/1.1'], preface), deadlines);
    const offered = protocol === 'auto' ? ['h2', 'http/1.1'] : ['h2'];
    this.#http2 =
      protocol === 'http1'
        ? null
        : new SessionPool((preface) => openSocket(address, tls, offered, preface), {
            deadlines,
            scheme: tls === null ? 'http' : 'https',
            otherConnections: () => this.#http1.size,
            onHttp1: protocol === 'auto' ? (socket, waiting) => this.#useHttp1(socket, waiting) : null,
          });
  }

  get size(): number {
    return this.#http1.size + (this.#http2?.size ?? 0);
  }

  get idle(): number {
    return this.#http1.idle + (this.#http2?.idle ?? 0);
  }

  /** Whether connections made for one config serve another. */
  fits(config: UpstreamConfig): boolean {
    if (config === this.#fitting) return true;
    const fits = config.protocol === this.#config.protocol && isDeepStrictEqual(config.tls, this.#config.tls);
    if (fits) this.#fitting = config;
    return fits;
  }

  acquire(config: UpstreamConfig, wanted: Wanted): BackendStream | null {
    if (this.#http2 === null || wanted.upgrade) return this.#acquireHttp1(config, wanted);
    // Asked anew when there is no connection left: it may be another server by now.
    if (this.#http1.size === 0) this.#choseHttp1 = false;
    return this.#choseHttp1
      ? this.#acquireHttp1(config, wanted)
      : this.#http2.acquire(config, wanted.preface);
  }

  /** Opens what is missing of the connections that are to be there ahead of any request. */
  warmUp(config: UpstreamConfig): void {
    const { warmUp, maxIdle, max } = config.connections;
    const nowMs = performance.now();
    if (this.size === 0 && nowMs - this.#warmedMs < WARM_UP_AGAIN_MS) return;
    for (let missing = Math.min(warmUp, maxIdle, max ?? warmUp) - this.size; missing > 0; missing--) {
      this.#warmedMs = nowMs;
      if (this.#http2 === null || this.#choseHttp1) this.#http1.warmUp(config);
      else this.#http2.warmUp(config);
    }
  }

  #acquireHttp1(config: UpstreamConfig, wanted: Wanted): BackendStream | null {
    return this.#http1.acquire(config, wanted, this.#http2?.size ?? 0);
  }

  /** The backend has chosen HTTP/1.1: the first of those that wait gets this connection, each other one its own. */
  #useHttp1(socket: OpeningSocket, waiting: readonly WaitingStream[]): void {
    this.#choseHttp1 = true;
    const [first, ...others] = waiting;
    const connection = this.#http1.adopt(socket, this.#fitting);
    if (first === undefined) connection.becomeIdle();
    else first.continueOn(connection);
    for (const other of others) other.continueOn(this.#acquireHttp1(this.#fitting, ANY));
  }

  retire(): void {
    this.#http1.retire();
    this.#http2?.retire();
  }

  closeIdle(): void {
    this.#http1.closeIdle();
    this.#http2?.closeIdle();
  }
}
