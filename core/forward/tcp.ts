import { connectError, connectFailed, timedOut } from '../http1/backend-failures.ts';
import { BackendTls } from '../http1/backend-tls.ts';
import { openSocket, type OpeningSocket } from '../http1/open-socket.ts';
import type { Client } from '../shared/client.ts';
import type { SocketAddressConfig } from '../shared/config-types.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import { proxyHeader } from './proxy-header.ts';

export interface TcpDialOwner {
  /** The connection is up, TLS included, and nothing listens to its socket any more. */
  onConnected(connected: OpeningSocket): void;
  onDialFailed(error: ProxyError): void;
}

/** Connects clients to backends, one connection for each. */
export class TcpDialer {
  readonly #deadlines: Deadlines;
  /** What the TLS connections to a backend have in common. */
  readonly #tls = new WeakMap<AddressBackend, BackendTls>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** `owner` hears of exactly one of its events, never within this call, unless `abort` is called first. */
  dial(backend: AddressBackend, client: Client, owner: TcpDialOwner): TcpDial {
    const { settings } = backend;
    const address = addressFor(backend, client);
    const preface =
      settings.proxyProtocol === null ? null : proxyHeader(settings.proxyProtocol, client, client.address);
    const opening = openSocket(address, this.#tlsOf(backend, address), [], preface);
    return new TcpDial(opening, backend, this.#deadlines, owner);
  }

  #tlsOf(backend: AddressBackend, address: SocketAddressConfig): BackendTls | null {
    const { tls } = backend.settings;
    if (tls === null) return null;
    let known = this.#tls.get(backend);
    if (known === undefined) {
      known = new BackendTls(tls, address);
      // With other ports each time there would be no end of them.
      if (address === backend.address) this.#tls.set(backend, known);
    }
    return known;
  }
}

function addressFor({ address, settings }: AddressBackend, client: Client): SocketAddressConfig {
  if (settings.port === 'backend' || address.kind === 'unix' || client.localPort === 0) return address;
  return { ...address, port: client.localPort };
}

/** A connection to a backend that comes about. */
export class TcpDial implements Timed {
  deadlineMs: number;
  readonly #opening: OpeningSocket;
  readonly #backend: AddressBackend;
  readonly #deadlines: Deadlines;
  readonly #owner: TcpDialOwner;
  readonly #onReady = (): void => this.#succeed();
  readonly #onError = (error: Error): void => this.#fail(connectError(error));
  readonly #onClose = (): void => this.#fail(connectFailed('the backend closed the connection'));

  constructor(opening: OpeningSocket, backend: AddressBackend, deadlines: Deadlines, owner: TcpDialOwner) {
    this.#opening = opening;
    this.#backend = backend;
    this.#deadlines = deadlines;
    this.#owner = owner;
    this.deadlineMs = performance.now() + backend.settings.timeouts.connectMs;
    deadlines.add(this);
    const { socket, readyEvent } = opening;
    socket.once(readyEvent ?? 'connect', this.#onReady);
    socket.once('error', this.#onError);
    socket.once('close', this.#onClose);
  }

  onDeadline(): void {
    this.#fail(timedOut('connecting', this.#backend.settings.timeouts, false));
  }

  /** Gives it up; no event follows. */
  abort(): void {
    this.#leave();
    this.#opening.socket.on('error', () => {});
    this.#opening.socket.destroy();
  }

  #succeed(): void {
    this.#leave();
    this.#owner.onConnected(this.#opening);
  }

  #fail(error: ProxyError): void {
    this.abort();
    this.#owner.onDialFailed(error);
  }

  #leave(): void {
    this.#deadlines.delete(this);
    const { socket, readyEvent } = this.#opening;
    socket.off(readyEvent ?? 'connect', this.#onReady);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
  }
}
