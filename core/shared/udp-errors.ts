import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

const { errno } = constants;
const UNREACHABLE = new Set([errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH]);
/** Of what a socket needs, this machine has nothing left: descriptors, ports (`ip_local_port_range`), memory. */
const EXHAUSTED = new Set([
  errno.EMFILE,
  errno.ENFILE,
  errno.EADDRINUSE,
  errno.EADDRNOTAVAIL,
  errno.EAGAIN,
  errno.ENOBUFS,
  errno.ENOMEM,
]);

/** What an errno (below 0) of a socket says. */
export type UdpFailure = 'unreachable' | 'exhausted' | 'too-large' | 'other';

export function udpFailure(result: number): UdpFailure {
  if (UNREACHABLE.has(-result)) return 'unreachable';
  if (EXHAUSTED.has(-result)) return 'exhausted';
  return -result === errno.EMSGSIZE ? 'too-large' : 'other';
}

export function errnoName(result: number): string {
  return getSystemErrorName(result);
}
