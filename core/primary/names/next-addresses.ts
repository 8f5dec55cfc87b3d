import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

import type { Family, NameAnswer } from './name-source.ts';

/** No name gives more backends than this, whatever an answer holds. */
export const MOST_ADDRESSES = 64;

/**
 * The addresses of a name after an answer, in a fixed order: what it holds, and of a family about which
 * nothing could be learnt those that were known before. `usable`: the families by which this machine reaches others.
 */
export function nextAddresses(
  before: readonly string[],
  answer: NameAnswer,
  usable: ReadonlySet<number>,
): string[] {
  const failed: readonly number[] = answer.failed?.families ?? [];
  const kept = before.filter((address) => failed.includes(isIP(address)));
  const all = [...new Set([...answer.addresses, ...kept])].filter(isConnectable).toSorted();
  const reachable = all.filter((address) => usable.has(isIP(address)) || isLoopback(address));
  // Where all are of the wrong family, to fail at connecting says more than to have no backend.
  return (reachable.length === 0 ? all : reachable).slice(0, MOST_ADDRESSES);
}

/** The families in which this machine has an address beyond itself and its own links (as AI_ADDRCONFIG has it, RFC 3493 6.1). */
export function usableFamilies(): ReadonlySet<Family> {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(
    own
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
      .map(({ family }) => (family === 'IPv6' ? 6 : 4)),
  );
}

/** Servers that block a name answer with "no address": to connect there would reach this machine itself. */
function isConnectable(address: string): boolean {
  return isIP(address) !== 0 && address !== '0.0.0.0' && address !== '::';
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
