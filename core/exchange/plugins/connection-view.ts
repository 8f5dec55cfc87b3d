import type { PluginConnection } from '../../../plugins/contract/exchange.ts';
import type { TlsInfo } from '../../shared/tls-info.ts';
import type { Peer } from '../streams.ts';

class ConnectionView implements PluginConnection {
  readonly listener: string;
  #peer: Peer;

  constructor(peer: Peer, listener: string) {
    this.#peer = peer;
    this.listener = listener;
  }

  get address(): string {
    return this.#peer.address;
  }

  get port(): number {
    return this.#peer.port;
  }

  get localAddress(): string {
    return this.#peer.localAddress;
  }

  get localPort(): number {
    return this.#peer.localPort;
  }

  get tls(): TlsInfo | null {
    return this.#peer.tls ?? null;
  }

  becomeSecure(peer: Peer): void {
    this.#peer = peer;
  }
}

const views = new WeakMap<Peer, ConnectionView>();

/** The same object for as long as the connection lives. */
export function connectionView(peer: Peer, listener: string): PluginConnection {
  let view = views.get(peer);
  if (view === undefined) {
    view = new ConnectionView(peer, listener);
    views.set(peer, view);
  }
  return view;
}

/** `secure`: the same peer after its handshake. */
export function connectionIsSecure(peer: Peer, secure: Peer): void {
  const view = views.get(peer);
  if (view === undefined) return;
  view.becomeSecure(secure);
  views.set(secure, view);
}
