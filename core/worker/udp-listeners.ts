import { udpKeys } from '../ipc/messages.ts';
import { DescriptorBudget } from '../layer4/descriptor-budget.ts';
import type { UdpService } from '../layer4/udp-service.ts';
import { UdpListener } from '../listeners/udp.ts';
import type { Config } from '../shared/config-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import { openFilesLimit } from '../shared/open-files.ts';
import type { UdpHandle, UdpSocket } from '../shared/udp-socket.ts';

/** The UDP listeners of one worker: opened, updated and drained as snapshots come. */
export class UdpListeners {
  readonly #deadlines: Deadlines;
  readonly #descriptors = new DescriptorBudget(openFilesLimit());
  /** Bound sockets that the primary has sent and no listener uses yet, by `udpKeys`, then by the address that they are bound to. */
  readonly #handles = new Map<string, Map<string, UdpHandle>>();
  /** In use, by the same keys. */
  readonly #sockets = new Map<string, Set<UdpSocket>>();
  #open = new Set<UdpListener>();
  readonly #closing = new Set<Promise<void>>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  keepHandle(key: string, localAddress: string, handle: UdpHandle): void {
    const handles = this.#handles.get(key) ?? new Map<string, UdpHandle>();
    handles.get(localAddress)?.close();
    handles.set(localAddress, handle);
    this.#handles.set(key, handles);
  }

  /** Which addresses of a config can not be served because their sockets never came. */
  missing({ listeners }: Config): string[] {
    return listeners.flatMap((listener) =>
      udpKeys(listener).every((key) => this.#sockets.has(key) || this.#handles.has(key))
        ? []
        : [`no socket came for listener ${listener.name} (${listener.addressText})`],
    );
  }

  /** Swaps every listener to its service of the snapshot, opens new ones, lets the others drain. */
  apply(services: readonly UdpService[]): void {
    const before = this.#open;
    this.#open = new Set();
    for (const service of services) {
      const keys = udpKeys(service.config);
      const listener = this.#takeOver(keys, before, service);
      this.#open.add(listener);
      for (const key of keys) this.#give(key, listener);
    }
    for (const listener of before) this.#drain(listener);
    this.#closeUnwanted(new Set(services.flatMap(({ config }) => udpKeys(config))));
  }

  /** The listener that has had one of these sockets so far, with its sessions; or a new one. */
  #takeOver(keys: readonly string[], before: Set<UdpListener>, service: UdpService): UdpListener {
    for (const key of keys)
      for (const { owner } of this.#sockets.get(key) ?? []) {
        if (!(owner instanceof UdpListener) || !before.delete(owner)) continue;
        owner.update(service);
        return owner;
      }
    return new UdpListener(service, this.#deadlines, this.#descriptors);
  }

  /** Those that were sent since: of a new listener, or for addresses that this machine has not had before. */
  #give(key: string, listener: UdpListener): void {
    const sockets = this.#sockets.get(key) ?? new Set<UdpSocket>();
    for (const socket of sockets) socket.owner = listener;
    for (const handle of this.#handles.get(key)?.values() ?? []) sockets.add(listener.listen(handle));
    this.#handles.delete(key);
    this.#sockets.set(key, sockets);
  }

  /** When the sessions that began there had time to end. */
  #closeUnwanted(wanted: ReadonlySet<string>): void {
    for (const [key, sockets] of this.#sockets) {
      if (wanted.has(key)) continue;
      this.#sockets.delete(key);
      for (const socket of sockets) {
        const { owner } = socket;
        if (owner instanceof UdpListener) void owner.leave().then(() => socket.close());
      }
    }
  }

  /** Closes the sockets that a rolled-back snapshot would have used. */
  dropUnusedHandles(): void {
    for (const handles of this.#handles.values()) for (const handle of handles.values()) handle.close();
    this.#handles.clear();
  }

  /**
   * Resolves when the last session of every listener has ended.
   * @param endMs when that has to be, on the clock of performance.now()
   * @param isAlone this worker goes and the others stay
   */
  async drain(endMs: number, isAlone: boolean): Promise<void> {
    for (const listener of this.#open) this.#drain(listener, endMs, isAlone);
    this.#open.clear();
    await Promise.all(this.#closing);
  }

  #drain(listener: UdpListener, endMs?: number, isAlone?: boolean): void {
    const drained = listener.drain(endMs, isAlone);
    this.#closing.add(drained);
    void drained.then(() => this.#closing.delete(drained));
  }
}
