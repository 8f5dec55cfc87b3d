import { listenKey } from '../ipc/messages.ts';
import type { SocketHandle } from '../ipc/channel.ts';
import type { ListenerService } from '../exchange/listener-service.ts';
import { Listener } from '../listeners/listener.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { Snapshot } from './snapshot.ts';

/** The listeners of one worker: opened, updated and drained as snapshots come. */
export class Listeners {
  readonly #deadlines: Deadlines;
  /** Bound sockets that the primary has sent and no listener uses yet, by `listenKey`. */
  readonly #handles = new Map<string, SocketHandle>();
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
      .filter((each) => !this.#open.has(listenKey(each)) && !this.#handles.has(listenKey(each)))
      .map(({ name, addressText }) => `no socket came for listener ${name} (${addressText})`);
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
      this.#open.set(key, listener);
      opening.push(listener.listen(handle));
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
    for (const listener of this.#open.values()) this.#drain(listener, endMs);
    this.#open.clear();
    await Promise.all(this.#closing);
  }

  #drain(listener: Listener, endMs?: number): void {
    const drained = listener.drain(endMs);
    this.#closing.add(drained);
    void drained.then(() => this.#closing.delete(drained));
  }
}
