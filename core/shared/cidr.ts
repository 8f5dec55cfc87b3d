import { isIP } from 'node:net';
import { readAddress, words } from './address-words.ts';

/**
 * Compiles a list of addresses and CIDR blocks (`10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`; bits behind the
 * prefix are ignored) to a test whether an address is in one of them. Throws a TypeError which names an entry that is neither.
 *
 * An IPv4 client on a dual-stack socket arrives as `::ffff:192.0.2.1`: such addresses (and such blocks) are IPv4 here.
 * A zone (`fe80::1%eth0`) is ignored. What is no address is in no list.
 *
 * The test makes no object: the address is read into numbers in place, and found among the sorted,
 * merged ranges by bisection (about half the time of `net.BlockList`).
 */
export function compileCidrs(list: readonly string[]): (address: string) => boolean {
  const ranges = list.map(parseCidr);
  const v4 = mergeRanges(
    ranges.filter((range) => range.family === 4),
    1,
  );
  const v6 = mergeRanges(
    ranges.filter((range) => range.family === 6),
    4,
  );
  return (address) => {
    const family = readAddress(address);
    if (family === 4) return v4.length > 0 && inRanges(v4, 1);
    return family === 6 && v6.length > 0 && inRanges(v6, 4);
  };
}

interface Range {
  readonly family: 4 | 6;
  /** The first and the last address, as 32-bit words: one for IPv4, four for IPv6. */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

function parseCidr(entry: string): Range {
  const slash = entry.indexOf('/');
  const address = slash === -1 ? entry : entry.slice(0, slash);
  const prefix = slash === -1 ? '' : entry.slice(slash + 1);
  const written = isIP(address);
  const bits = written === 4 ? 32 : 128;
  const length = slash === -1 ? bits : Number(prefix);
  if (
    written === 0 ||
    address.includes('%') ||
    (slash !== -1 && !/^\d{1,3}$/.test(prefix)) ||
    length > bits
  ) {
    throw new TypeError(
      `expected an IP address or a CIDR block like "10.0.0.0/8", found ${JSON.stringify(entry)}`,
    );
  }
  const family = readAddress(address);
  if (family === 4) {
    const ownLength = written === 6 ? length - 96 : length;
    if (ownLength >= 0) return rangeOf(4, ownLength);
    // a block that holds more than the IPv4-mapped addresses: as IPv6
    words.set([0, 0, 0xffff, words[0] ?? 0]);
  }
  return rangeOf(6, length);
}

function rangeOf(family: 4 | 6, length: number): Range {
  const first: number[] = [];
  const last: number[] = [];
  for (let i = 0; i < (family === 4 ? 1 : 4); i++) {
    const kept = Math.min(Math.max(length - i * 32, 0), 32);
    const mask = kept === 0 ? 0 : (0xffffffff << (32 - kept)) >>> 0;
    const word = words[i] ?? 0;
    first.push((word & mask) >>> 0);
    last.push((word | ~mask) >>> 0);
  }
  return { family, first, last };
}

/** Sorted by their first address, overlapping ones joined; flat: the words of `first`, then those of `last`, range after range. */
function mergeRanges(ranges: readonly Range[], size: number): Uint32Array {
  const merged: { first: readonly number[]; last: readonly number[] }[] = [];
  for (const range of ranges.toSorted((a, b) => compare(a.first, b.first))) {
    const previous = merged.at(-1);
    if (previous === undefined || compare(range.first, previous.last) > 0) {
      merged.push({ first: range.first, last: range.last });
    } else if (compare(range.last, previous.last) > 0) {
      previous.last = range.last;
    }
  }
  const flat = new Uint32Array(merged.length * 2 * size);
  for (const [i, range] of merged.entries()) flat.set([...range.first, ...range.last], i * 2 * size);
  return flat;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, word] of a.entries()) {
    const other = b[i] ?? 0;
    if (word !== other) return word < other ? -1 : 1;
  }
  return 0;
}

/** Whether the address in `words` lies in one of the ranges: the last one that begins at or below it decides. */
function inRanges(ranges: Uint32Array, size: number): boolean {
  let low = 0;
  let high = ranges.length / (2 * size) - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (compareWords(ranges, middle * 2 * size, size) <= 0) low = middle;
    else high = middle - 1;
  }
  const at = low * 2 * size;
  return compareWords(ranges, at, size) <= 0 && compareWords(ranges, at + size, size) >= 0;
}

/** Below 0 where the entry at `at` is below the address in `words`. */
function compareWords(ranges: Uint32Array, at: number, size: number): number {
  for (let i = 0; i < size; i++) {
    const word = ranges[at + i] ?? 0;
    const wanted = words[i] ?? 0;
    if (word !== wanted) return word < wanted ? -1 : 1;
  }
  return 0;
}
