import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

const { errno } = constants;
const UNREACHABLE = new Set([errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH]);
const NO_DESCRIPTOR = new Set([errno.EMFILE, errno.ENFILE]);

/** What an errno (below 0) of a socket says. */
export type UdpFailure = 'unreachable' | 'no-descriptor' | 'too-large' | 'other';

export function udpFailure(result: number): UdpFailure {
  if (UNREACHABLE.has(-result)) return 'unreachable';
  if (NO_DESCRIPTOR.has(-result)) return 'no-descriptor';
  return -result === errno.EMSGSIZE ? 'too-large' : 'other';
}

export function errnoName(result: number): string {
  return getSystemErrorName(result);
}
