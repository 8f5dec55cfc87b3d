import { createHash } from 'node:crypto';

/** From 0 to below 1, the same for a key everywhere. */
export function fractionOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32;
}
