import { listenKeys } from '../ipc/messages.ts';
import type { SocketHandle } from '../ipc/channel.ts';
import type { ListenerService } from '../exchange/listener-service.ts';
import type { TcpService } from '../layer4/tcp-service.ts';
import { BoundServer } from '../listeners/bound-server.ts';
import { Listener } from '../listeners/listener.ts';
import { TcpListener } from '../listeners/tcp.ts';
import type { TlsFront } from '../listeners/tls/front.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import type { Snapshot } from './snapshot.ts';

type AnyListener = Listener | TcpListener;

/** The listeners of one worker: opened, updated and drained as snapshots come. */
export class Listeners {
  readonly #deadlines: Deadlines;
  /** Bound sockets that the primary has sent and no listener uses yet, by `listenKey`. */
  readonly #handles = new Map<string, SocketHandle>();
  /** By `listenKey`, as who takes their connections. */
  readonly #servers = new Map<string, BoundServer>();
  #open: ReadonlyMap<string, AnyListener> = new Map();
  /** Until the last connection of each has ended. */
  readonly #draining = new Map<AnyListener, Promise<void>>();
  #workers = 1;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  keepHandle(key: string, handle: SocketHandle): void {
    this.#handles.get(key)?.close();
    this.#handles.set(key, handle);
  }

  /** Which addresses of a snapshot can not be served because their sockets never came. */
  missing(plan: Snapshot['plan']): string[] {
    return plan.config.listeners
      .filter((each) => !this.#hasSockets(each))
      .map(({ name, addressText }) => `no socket came for listener ${name} (${addressText})`);
  }

  #hasSockets(listener: ListenerConfig): boolean {
    return listenKeys(listener).every((key) => this.#servers.has(key) || this.#handles.has(key));
  }

  /** Swaps every listener to its service of the snapshot, opens new ones, lets the others drain. */
  async apply(snapshot: Snapshot): Promise<void> {
    this.#workers = snapshot.plan.config.workers;
    const before = this.#open;
    const open = new Map<string, AnyListener>();
    const used = new Set<AnyListener>();
    for (const service of [...snapshot.services.values(), ...snapshot.tcpServices.values()]) {
      const keys = listenKeys(service.config);
      const listener = this.#listenerFor(
        service,
        keys,
        snapshot.fronts.get(service.config.name) ?? null,
        used,
      );
      used.add(listener);
      for (const key of keys) open.set(key, listener);
    }
    this.#open = open;
    for (const [key, listener] of before) {
      if (open.has(key)) continue;
      const port = this.#servers.get(key)?.localPort;
      if (port !== undefined && listener instanceof TcpListener && used.has(listener))
        listener.leavePort(port);
      this.#close(key);
    }
    for (const listener of new Set(before.values())) if (!used.has(listener)) this.#drain(listener);
    await Promise.all([...open].map(([key, listener]) => this.#accept(key, listener)));
  }

  /** The one that serves its address, or one of its addresses, already; else a new one. `taken`: by others. */
  #listenerFor(
    service: ListenerService | TcpService,
    keys: readonly string[],
    front: TlsFront | null,
    taken: ReadonlySet<AnyListener>,
  ): AnyListener {
    const workers = (): number => this.#workers;
    const present = keys.flatMap((key) => this.#open.get(key) ?? []).filter((each) => !taken.has(each));
    if (isOfTcp(service)) {
      const listener = present.find((each) => each instanceof TcpListener);
      if (listener === undefined) return new TcpListener(service, this.#deadlines, workers, front);
      listener.update(service, front);
      return listener;
    }
    const listener = present.find((each) => each instanceof Listener);
    if (listener === undefined) return new Listener(service, this.#deadlines, workers, front);
    listener.update(service, front);
    return listener;
  }

  /** From now on connections to this address are taken by `listener`. */
  async #accept(key: string, listener: AnyListener): Promise<void> {
    const server = this.#servers.get(key);
    const handle = this.#handles.get(key);
    if (server !== undefined) server.taker = listener;
    else if (handle !== undefined) {
      this.#handles.delete(key);
      const created = new BoundServer(listener);
      this.#servers.set(key, created);
      await created.listen(handle);
    }
  }

  /** Closes the sockets that a rolled-back snapshot would have used. */
  dropUnusedHandles(): void {
    for (const handle of this.#handles.values()) handle.close();
    this.#handles.clear();
  }

  /**
   * Resolves when the last connection of every listener has ended.
   * @param endMs when that has to be, on the clock of performance.now()
   */
  async drain(endMs: number): Promise<void> {
    for (const key of this.#servers.keys()) this.#close(key);
    for (const listener of new Set(this.#open.values())) this.#drain(listener, endMs);
    this.#open = new Map();
    await Promise.all(this.#draining.values());
  }

  /** Ends every connection of those that drain at once. */
  destroyConnections(): void {
    for (const listener of this.#draining.keys()) listener.destroyConnections();
  }

  #close(key: string): void {
    this.#servers.get(key)?.close();
    this.#servers.delete(key);
  }

  #drain(listener: AnyListener, endMs?: number): void {
    const drained = listener.drain(endMs);
    this.#draining.set(listener, drained);
    void drained.then(() => this.#draining.delete(listener));
  }
}

function isOfTcp(service: ListenerService | TcpService): service is TcpService {
  return service.config.protocol === 'tcp' || service.config.protocol === 'tls';
}
