/**
 * UDP sockets as libuv has them, in the only file that knows where Node keeps them. `node:dgram` can neither hold a bound
 * socket without reading from it, nor hand one over that is not read from at once, and costs a fifth more CPU
 * for each datagram (docs/decisions/0014-udp-sockets.md).
 */

import { constants } from 'node:os';

interface SendRequest {
  oncomplete?: (status: number) => void;
}

interface Peer {
  readonly address: string;
  readonly port: number;
}

/** What `process.binding('udp_wrap')` calls `UDP`; numbers below 0 are errnos. */
export interface UdpHandle {
  onmessage?: (length: number, handle: UdpHandle, data: Buffer | undefined, from: Peer | undefined) => void;
  bind(address: string, port: number, flags: number): number;
  bind6(address: string, port: number, flags: number): number;
  connect(address: string, port: number): number;
  connect6(address: string, port: number): number;
  /** 0: waits to be sent, `oncomplete` is called; above 0: sent. */
  send(request: SendRequest, data: readonly Uint8Array[], count: 1, hasCallback: boolean): number;
  send(
    request: SendRequest,
    data: readonly Uint8Array[],
    count: 1,
    port: number,
    address: string,
    hasCallback: boolean,
  ): number;
  send6: UdpHandle['send'];
  getsockname(out: { address?: string; family?: string; port?: number }): number;
  bufferSize(size: number, ofReceiving: boolean, context: object): number | undefined;
  recvStart(): number;
  recvStop(): number;
  close(): void;
}

interface UdpBinding {
  readonly UDP: new () => UdpHandle;
  readonly SendWrap: new () => SendRequest;
  readonly constants: { readonly UV_UDP_IPV6ONLY: number; readonly UV_UDP_REUSEPORT?: number };
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- not in Node's types */
const binding = Reflect.get(process, 'binding') as (name: string) => UdpBinding;
/* oxlint-enable typescript/no-unsafe-type-assertion */
const { UDP, SendWrap, constants: flagsOf } = binding('udp_wrap');

/** A receive buffer is asked for of this size; the kernel gives no more than `net.core.rmem_max`. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export interface UdpBindOptions {
  readonly ipv6Only: boolean;
}

/** Binds a socket that shares its address with others of the same user. Returns an errno (below 0) where that fails. */
export function bindUdp(address: string, port: number, options: UdpBindOptions): UdpHandle | number {
  const handle = new UDP();
  const isV6 = address.includes(':');
  const flags = (flagsOf.UV_UDP_REUSEPORT ?? 0) | (isV6 && options.ipv6Only ? flagsOf.UV_UDP_IPV6ONLY : 0);
  const result = isV6 ? handle.bind6(address, port, flags) : handle.bind(address, port, flags);
  if (result < 0) {
    handle.close();
    return result;
  }
  handle.bufferSize(RECEIVE_BUFFER_BYTES, true, {});
  return handle;
}

/** The port itself, or one that the system chooses for port 0, if nobody has it, whether or not they would share it; else an errno (below 0). */
export function freeUdpPort(address: string, port: number, { ipv6Only }: UdpBindOptions): number {
  const handle = new UDP();
  const result = address.includes(':')
    ? handle.bind6(address, port, ipv6Only ? flagsOf.UV_UDP_IPV6ONLY : 0)
    : handle.bind(address, port, 0);
  const name: { port?: number } = {};
  if (result === 0) handle.getsockname(name);
  handle.close();
  return result === 0 ? (name.port ?? port) : result;
}

/** Whether it is such a handle, as it comes over a channel. */
export function isUdpHandle(handle: object): handle is UdpHandle {
  return handle instanceof UDP;
}

/** What became of a datagram: passed to the kernel, waiting to be, no room left to wait in, or an errno (below 0). */
export type SendResult = 'sent' | 'waits' | 'no-room' | number;

/** Hears what comes to a socket. */
export interface UdpSocketOwner {
  onDatagram(socket: UdpSocket, data: Buffer, address: string, port: number): void;
  /** An ICMP message has come about what a connected socket sent; `errno`: below 0. */
  onSocketError(socket: UdpSocket, errno: number): void;
}

/** A UDP socket that is bound or connected. Sending never blocks, and what waits to be sent is bounded. */
export class UdpSocket {
  readonly localAddress: string;
  readonly localPort: number;
  /** May change: what comes from then on is the next one's. */
  owner: UdpSocketOwner;
  /** Whether those that were not heard of before may come in here. */
  takesNew = true;
  readonly #handle: UdpHandle;
  readonly #isV6: boolean;
  readonly #maxQueuedBytes: number;
  #queuedBytes = 0;
  #isClosed = false;

  constructor(handle: UdpHandle, owner: UdpSocketOwner, maxQueuedBytes: number) {
    const name: { address?: string; family?: string; port?: number } = {};
    handle.getsockname(name);
    this.localAddress = name.address ?? '';
    this.localPort = name.port ?? 0;
    this.#isV6 = name.family === 'IPv6';
    this.owner = owner;
    this.#handle = handle;
    this.#maxQueuedBytes = maxQueuedBytes;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a handle has one
    handle.onmessage = (length, _handle, data, from) => {
      if (this.#isClosed) return;
      if (length < 0 || data === undefined || from === undefined) this.owner.onSocketError(this, length);
      else this.owner.onDatagram(this, data, from.address, from.port);
    };
  }

  /** A socket of its own to this address, read from at once. Returns an errno (below 0) where that fails. */
  static connect(
    address: string,
    port: number,
    owner: UdpSocketOwner,
    maxQueuedBytes: number,
  ): UdpSocket | number {
    const handle = new UDP();
    let result = address.includes(':') ? handle.connect6(address, port) : handle.connect(address, port);
    if (result === 0) {
      const socket = new UdpSocket(handle, owner, maxQueuedBytes);
      result = handle.recvStart();
      // The system may have chosen the very port that it is to reach, where nobody listens: it would hear itself.
      if (socket.localPort === port && socket.localAddress === address)
        result = -constants.errno.ECONNREFUSED;
      if (result === 0) return socket;
    }
    handle.close();
    return result;
  }

  /** Begins to read. */
  start(): void {
    this.#handle.recvStart();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handle.close();
  }

  /** To the address that it is connected to. */
  send(data: Buffer): SendResult {
    if (this.#queuedBytes >= this.#maxQueuedBytes) return 'no-room';
    const request = new SendWrap();
    const result = this.#isV6
      ? this.#handle.send6(request, [data], 1, true)
      : this.#handle.send(request, [data], 1, true);
    return this.#resultOf(result, request, data);
  }

  /** `address`: in the form in which this socket names those it hears from. */
  sendTo(data: Buffer, address: string, port: number): SendResult {
    if (this.#queuedBytes >= this.#maxQueuedBytes) return 'no-room';
    const request = new SendWrap();
    const result = this.#isV6
      ? this.#handle.send6(request, [data], 1, port, address, true)
      : this.#handle.send(request, [data], 1, port, address, true);
    return this.#resultOf(result, request, data);
  }

  #resultOf(result: number, request: SendRequest, data: Buffer): SendResult {
    if (result > 0) return 'sent';
    if (result < 0) return result;
    this.#queuedBytes += cost(data);
    request.oncomplete = () => {
      this.#queuedBytes -= cost(data);
    };
    return 'waits';
  }
}

/** Empty datagrams take room, too. */
function cost(data: Buffer): number {
  return data.length + 64;
}
