import { plainAddress } from '../exchange/client-address.ts';
import { DatagramPath } from '../layer4/datagram-path.ts';
import type { DescriptorBudget } from '../layer4/descriptor-budget.ts';
import type { UdpService } from '../layer4/udp-service.ts';
import { DatagramBandwidth } from '../shared/datagram-bandwidth.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import { UdpSocket, type UdpHandle, type UdpSocketOwner } from '../shared/udp-socket.ts';
import { allowsConnection } from './plugin-hooks.ts';

/**
 * A UDP listener of one worker: it has what comes to the sockets that the primary has bound for this worker alone. Reloads
 * that keep one of its addresses swap the service.
 */
export class UdpListener implements UdpSocketOwner {
  readonly #path: DatagramPath;
  readonly #bandwidth = new DatagramBandwidth();
  #service: UdpService;
  /** null: it serves. */
  #drained: Promise<void> | null = null;

  constructor(service: UdpService, deadlines: Deadlines, descriptors: DescriptorBudget) {
    this.#service = service;
    this.#bandwidth.set(service.config.bandwidth, service.workers);
    this.#path = new DatagramPath(service, {
      deadlines,
      descriptors,
      bandwidth: this.#bandwidth,
      clientOf: (address, port, { localAddress, localPort }) => ({
        address: plainAddress(address),
        port,
        localAddress: plainAddress(localAddress),
        localPort,
      }),
      allows: allowsConnection,
    });
  }

  get service(): UdpService {
    return this.#service;
  }

  /** Begins to read from a socket. */
  listen(handle: UdpHandle): UdpSocket {
    const socket = new UdpSocket(handle, this, this.#service.config.limits.queueBytes);
    socket.start();
    return socket;
  }

  update(service: UdpService): void {
    this.#service = service;
    this.#bandwidth.set(service.config.bandwidth, service.workers);
    this.#path.update(service);
  }

  onDatagram(socket: UdpSocket, data: Buffer, address: string, port: number): void {
    this.#path.arrive(socket, address, port, data);
  }

  onSocketError(_socket: UdpSocket, errno: number): void {
    this.#service.log.error({ listener: this.#service.config.name, errno }, 'receiving datagrams failed');
  }

  /**
   * Sessions may go on for `drainTimeout`; resolves when the last one has ended. `isAlone`: other workers go on with the listener, but
   * what comes to these sockets comes to nobody else, so new sessions begin here, too.
   * @param endMs when all has to be over, on the clock of performance.now()
   */
  drain(endMs: number = Number.POSITIVE_INFINITY, isAlone = false): Promise<void> {
    const drainedMs = performance.now() + this.#service.config.drainTimeoutMs;
    this.#drained = this.#path.drain(Math.min(endMs, drainedMs), isAlone);
    return this.#drained;
  }

  /** Resolves when the sessions of a socket that is taken from it have had their time to end. */
  leave(): Promise<void> {
    const { drainTimeoutMs } = this.#service.config;
    return this.#drained ?? new Promise((resolve) => setTimeout(resolve, drainTimeoutMs).unref());
  }

  /** A socket is about to close. Its sessions go on at the one that has the same address, where there is one. */
  leaveSocket(socket: UdpSocket, heir: UdpSocket | null): void {
    this.#path.leaveSocket(socket, heir);
  }

  /** Ends every session at once. */
  destroyConnections(): void {
    this.#path.endAll('drained');
  }
}
