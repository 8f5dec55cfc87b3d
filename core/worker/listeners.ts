import { listenKey, listenKeys } from '../ipc/messages.ts';
import type { SocketHandle } from '../ipc/channel.ts';
import type { ListenerService } from '../exchange/listener-service.ts';
import { BoundServer } from '../listeners/bound-server.ts';
import { Listener } from '../listeners/listener.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import type { Snapshot } from './snapshot.ts';

/** The listeners of one worker: opened, updated and drained as snapshots come. */
export class Listeners {
  readonly #deadlines: Deadlines;
  /** Bound sockets that the primary has sent and no listener uses yet, by `listenKey`. */
  readonly #handles = new Map<string, SocketHandle>();
  readonly #servers = new Map<string, BoundServer>();
  readonly #open = new Map<string, Listener>();
  readonly #closing = new Set<Promise<void>>();
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
    const wanted = new Map<string, ListenerService>();
    for (const service of snapshot.services.values()) wanted.set(listenKey(service.config), service);
    for (const [key, listener] of this.#open) {
      const service = wanted.get(key);
      if (service === undefined) {
        this.#open.delete(key);
        this.#close(key);
        this.#drain(listener);
      } else listener.update(service, snapshot.fronts.get(service.config.name));
    }
    const opening: Promise<void>[] = [];
    for (const [key, service] of wanted) {
      if (this.#open.has(key)) continue;
      const handle = this.#handles.get(key);
      if (handle === undefined) continue; // refused in `missing` before it came to this
      this.#handles.delete(key);
      const listener = new Listener(
        service,
        this.#deadlines,
        () => this.#workers,
        snapshot.fronts.get(service.config.name),
      );
      const server = new BoundServer(listener);
      this.#servers.set(key, server);
      this.#open.set(key, listener);
      opening.push(server.listen(handle));
    }
    await Promise.all(opening);
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
    for (const listener of this.#open.values()) this.#drain(listener, endMs);
    this.#open.clear();
    await Promise.all(this.#closing);
  }

  #close(key: string): void {
    this.#servers.get(key)?.close();
    this.#servers.delete(key);
  }

  #drain(listener: Listener, endMs?: number): void {
    const drained = listener.drain(endMs);
    this.#closing.add(drained);
    void drained.then(() => this.#closing.delete(drained));
  }
}
