import { lookup } from 'node:dns/promises';
import { chmodSync, lstatSync, readFileSync, unlinkSync } from 'node:fs';
import * as net from 'node:net';
import { getSystemErrorName } from 'node:util';

import type { SocketHandle } from '../ipc/channel.ts';
import { LONGEST_UNIX_PATH_BYTES } from '../shared/address.ts';
import type { SocketAddressConfig } from '../shared/config-types.ts';

/**
 * Listening sockets are bound here, in the primary, and never listened on here: a worker's `listen`
 * makes the one shared socket accept. The primary's copy keeps it open, with the connections
 * waiting in its backlog, while workers come and go.
 */
export interface BoundSocket {
  readonly handle: SocketHandle;
  /** The real address, with the port that the system chose for port 0. */
  readonly addressText: string;
  /** Absent: it is no UDP socket, and all workers share it. */
  readonly udp?: UdpPlace;
}

/** Which of the UDP sockets of an address it is: each worker has its own. */
export interface UdpPlace {
  /** One of `udpKeys`. */
  readonly key: string;
  /** The worker's. */
  readonly slot: number;
  readonly localAddress: string;
  readonly port: number;
}

export type BindResult =
  { readonly ok: true; readonly socket: BoundSocket } | { readonly ok: false; readonly problem: string };

interface NativeHandle extends SocketHandle {
  getsockname?(out: { address?: string; family?: string; port?: number }): number;
}

/**
 * What `node:cluster` itself binds with: returns a handle that is bound and not listening, or a
 * negative errno. Public Node API always listens, and would accept connections in this process.
 */
type CreateServerHandle = (
  address: string,
  port: number,
  addressType: 4 | 6 | -1,
  fd: number,
  flags: number,
) => NativeHandle | number;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- not in Node's types
const createServerHandle = (net as unknown as { _createServerHandle: CreateServerHandle })
  ._createServerHandle;

/** libuv's UV_TCP_IPV6ONLY. Without it an IPv6 socket takes IPv4 too, whatever the system's own default is. */
const tcpIPv6Only = 1;

type TcpAddress = Extract<SocketAddressConfig, { kind: 'tcp' }>;

export async function bindSocket(address: SocketAddressConfig): Promise<BindResult> {
  return address.kind === 'unix' ? bindUnix(address.path, address.mode) : bindTcp(address);
}

async function bindTcp({ host, port, ipv6Only }: TcpAddress): Promise<BindResult> {
  const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  let family = net.isIP(host);
  let ip = host;
  if (family === 0) {
    try {
      ({ address: ip, family } = await lookup(host));
    } catch (cause) {
      return {
        ok: false,
        problem: `cannot listen on ${shown}: ${cause instanceof Error ? cause.message : String(cause)}`,
      };
    }
  }
  const handle = createServerHandle(ip, port, family === 6 ? 6 : 4, -1, ipv6Only === true ? tcpIPv6Only : 0);
  if (typeof handle === 'number')
    return { ok: false, problem: `cannot listen on ${shown}: ${explain(handle, port)}` };
  // libuv puts EADDRINUSE off until listen(), but a socket that is not really bound has no name.
  const name: { address?: string; port?: number } = {};
  const failure = handle.getsockname?.(name) ?? 0;
  if (failure !== 0 || (port !== 0 && name.port !== port)) {
    handle.close();
    return { ok: false, problem: `cannot listen on ${shown}: ${explain(failure, port)}` };
  }
  const real = name.address ?? ip;
  const addressText = `${real.includes(':') ? `[${real}]` : real}:${name.port ?? port}`;
  return { ok: true, socket: { handle, addressText } };
}

async function bindUnix(path: string, mode: number | undefined): Promise<BindResult> {
  const problem = await clearStaleSocket(path);
  if (problem !== null) return { ok: false, problem: `cannot listen on unix:${path}: ${problem}` };
  const handle = createServerHandle(path, -1, -1, -1, 0);
  if (typeof handle === 'number')
    return { ok: false, problem: `cannot listen on unix:${path}: ${explain(handle, null)}` };
  // Nobody can have connected before: nothing listens there yet.
  if (mode !== undefined) chmodSync(path, mode);
  return { ok: true, socket: { handle, addressText: `unix:${path}` } };
}

/** Gives the files of Unix sockets that are bound already the permissions that a reload asks for. Returns what went wrong. */
export function setSocketModes(addresses: readonly SocketAddressConfig[]): string[] {
  return addresses.flatMap((address) => {
    if (address.kind !== 'unix' || address.mode === undefined) return [];
    try {
      chmodSync(address.path, address.mode);
      return [];
    } catch (error) {
      return [
        `unix:${address.path}: its permissions stay as they are: ${error instanceof Error ? error.message : String(error)}`,
      ];
    }
  });
}

/**
 * Removes the socket file that a process left behind when it died. Returns why the path cannot
 * be used: something listens there, or it is a file of another kind.
 */
export async function clearStaleSocket(path: string): Promise<string | null> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (!stat.isSocket()) return 'there is a file that is not a socket';
  const code = await new Promise<string | null>((resolve) => {
    const probe = net.connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(null);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
  });
  if (code === 'ECONNREFUSED') {
    if (isBound(path)) return 'another process is about to listen there';
    unlinkSync(path);
  } else if (code !== 'ENOENT') return 'another process listens there';
  return null;
}

/** Another Tidegate that starts has bound its socket a while before a worker listens: it refuses connections just as a dead one does. */
function isBound(path: string): boolean {
  try {
    return readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .some((line) => line.endsWith(` ${path}`));
  } catch {
    return false; // only Linux tells
  }
}

/** Why an address cannot be bound. `errno`: below 0, or 0 for what `listen` would find out. */
export function explain(errno: number, port: number | null): string {
  const name = errno === 0 ? 'EADDRINUSE' : getSystemErrorName(errno);
  switch (name) {
    case 'EADDRINUSE':
      return 'the address is in use (EADDRINUSE)';
    case 'EACCES':
      return port !== null && port < 1024
        ? 'a port below 1024 needs root or CAP_NET_BIND_SERVICE (EACCES)'
        : 'permission denied (EACCES)';
    case 'EINVAL':
      return port === null ? `its path is longer than ${LONGEST_UNIX_PATH_BYTES} bytes (EINVAL)` : name;
    case 'EMFILE':
      return 'no more files may be open; a UDP listener needs one for each port, worker and address of this machine (EMFILE)';
    case 'EAFNOSUPPORT':
      return 'this machine has no IPv6; 0.0.0.0 is every interface of IPv4 (EAFNOSUPPORT)';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address (EADDRNOTAVAIL)';
    default:
      return name;
  }
}
