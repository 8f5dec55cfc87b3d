import type { PluginConnection } from '../../../plugins/contract/exchange.ts';
import type { TlsInfo } from '../../shared/tls-info.ts';
import type { Client } from '../../shared/client.ts';

/** The listener that has accepted it. */
interface Accepting {
  readonly name: string;
  readonly protocol: PluginConnection['protocol'];
}

class ConnectionView implements PluginConnection {
  readonly listener: string;
  readonly protocol: PluginConnection['protocol'];
  #peer: Client;

  constructor(peer: Client, { name, protocol }: Accepting) {
    this.#peer = peer;
    this.listener = name;
    this.protocol = protocol;
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

  becomeSecure(peer: Client): void {
    this.#peer = peer;
  }
}

const views = new WeakMap<Client, ConnectionView>();

/** The same object for as long as the connection lives. */
export function connectionView(peer: Client, listener: Accepting): PluginConnection {
  let view = views.get(peer);
  if (view === undefined) {
    view = new ConnectionView(peer, listener);
    views.set(peer, view);
  }
  return view;
}

/** `secure`: the same peer after its handshake. */
export function connectionIsSecure(peer: Client, secure: Client): void {
  const view = views.get(peer);
  if (view === undefined) return;
  view.becomeSecure(secure);
  views.set(secure, view);
}
