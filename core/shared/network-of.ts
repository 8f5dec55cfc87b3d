import { readAddress, words } from './address-words.ts';

/**
 * The network that an address is in, as a short text that is the same for all of its addresses: what clients are told apart by
 * where one has many addresses (an IPv6 host a whole /64). IPv4-mapped addresses are IPv4. What is no address comes back as it is.
 */
export function networkOf(address: string, v4Bits: number, v6Bits: number): string {
  const family = readAddress(address);
  if (family === 0) return address;
  const bits = family === 4 ? v4Bits : v6Bits;
  const parts: string[] = [];
  for (let i = 0; i * 32 < bits; i++) {
    const kept = Math.min(bits - i * 32, 32);
    parts.push(((((words[i] ?? 0) >>> (32 - kept)) << (32 - kept)) >>> 0).toString(36));
  }
  return `${family}.${parts.join('.')}`;
}
