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
  /** Of addresses that a snapshot has no more, for as long as their sessions may go on. */
  readonly #leaving = new Set<UdpSocket>();
  #open = new Set<UdpListener>();
  /** Until the last session of each has ended. */
  readonly #draining = new Map<UdpListener, Promise<void>>();

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
    // Where a listener's address has changed, its name says which one it is.
    const unplaced: UdpService[] = [];
    for (const service of services) {
      const listener = this.#atAnyOf(udpKeys(service.config), before);
      if (listener === undefined) unplaced.push(service);
      else this.#goOn(listener, before, service);
    }
    for (const service of unplaced) {
      const named = [...before].find((each) => each.service.config.name === service.config.name);
      if (named === undefined)
        this.#serve(service, new UdpListener(service, this.#deadlines, this.#descriptors));
      else this.#goOn(named, before, service);
    }
    for (const listener of before) this.#drain(listener);
    this.#releaseUnwanted(new Set(services.flatMap(({ config }) => udpKeys(config))));
  }

  /** The one of these listeners that has a socket of these keys. */
  #atAnyOf(keys: readonly string[], listeners: ReadonlySet<UdpListener>): UdpListener | undefined {
    const owners = new Set(
      keys.flatMap((key) => [...(this.#sockets.get(key) ?? [])].map(({ owner }) => owner)),
    );
    return [...listeners].find((listener) => owners.has(listener));
  }

  /** With its sessions. */
  #goOn(listener: UdpListener, before: Set<UdpListener>, service: UdpService): void {
    before.delete(listener);
    listener.update(service);
    this.#serve(service, listener);
  }

  #serve(service: UdpService, listener: UdpListener): void {
    this.#open.add(listener);
    for (const key of udpKeys(service.config)) this.#give(key, listener);
  }

  /** Those that were sent since: of a new listener, or for addresses that this machine has not had before. */
  #give(key: string, listener: UdpListener): void {
    const sockets = this.#sockets.get(key) ?? new Set<UdpSocket>();
    for (const socket of sockets) socket.owner = listener;
    for (const handle of this.#handles.get(key)?.values() ?? []) sockets.add(listener.listen(handle));
    this.#handles.delete(key);
    this.#sockets.set(key, sockets);
  }

  /** Sockets of addresses that no listener has any more close when the sessions that began there had time to end. */
  #releaseUnwanted(wanted: ReadonlySet<string>): void {
    for (const [key, sockets] of this.#sockets) {
      if (wanted.has(key)) continue;
      this.#sockets.delete(key);
      for (const socket of sockets) this.#release(socket);
    }
    // The system goes on to give them their part of what comes for an address and port, whoever has those now.
    for (const socket of this.#leaving) {
      const heir = this.#heirOf(socket);
      socket.takesNew = heir !== undefined;
      if (heir !== undefined) socket.owner = heir.owner;
    }
  }

  #release(socket: UdpSocket): void {
    const { owner } = socket;
    if (!(owner instanceof UdpListener)) return;
    this.#leaving.add(socket);
    void owner.leave().then(() => {
      this.#leaving.delete(socket);
      const heir = this.#heirOf(socket) ?? null;
      for (const listener of this.#open) listener.leaveSocket(socket, heir);
      socket.close();
    });
  }

  /** The socket that is there to stay at the same address. */
  #heirOf({ localAddress, localPort }: UdpSocket): UdpSocket | undefined {
    for (const sockets of this.#sockets.values())
      for (const socket of sockets)
        if (socket.localPort === localPort && socket.localAddress === localAddress) return socket;
    return undefined;
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
    await Promise.all(this.#draining.values());
  }

  /** Ends every session of those that drain at once. */
  destroySessions(): void {
    for (const listener of this.#draining.keys()) listener.destroyConnections();
  }

  #drain(listener: UdpListener, endMs?: number, isAlone?: boolean): void {
    const drained = listener.drain(endMs, isAlone);
    this.#draining.set(listener, drained);
    void drained.then(() => this.#draining.delete(listener));
  }
}
