import { readAddress, words } from './address-words.ts';

/** Every so many ranges one stands in the index, which stays in the processor's cache. */
const INDEX_EVERY = 32;

/** Records that are handled in a step: well under a millisecond. */
const RECORDS_A_STEP = 4096;

/**
 * Addresses and CIDR blocks, to ask whether an address is in one of them: sorted, merged ranges, 8 bytes for one of IPv4 and
 * 32 for one of IPv6, found by bisection. Asking makes no object: the address is read into numbers in place.
 *
 * An IPv4 client on a dual-stack socket arrives as `::ffff:192.0.2.1`: such addresses (and such blocks) are IPv4 here.
 * A zone (`fe80::1%eth0`) is ignored. What is no address is in no set.
 */
export class AddressSet {
  readonly #v4: Ranges;
  readonly #v6: Ranges;

  constructor(v4: Ranges, v6: Ranges) {
    this.#v4 = v4;
    this.#v6 = v6;
  }

  /** How many ranges are left of the entries: those that overlap are one. */
  get size(): number {
    return this.#v4.first.length + this.#v6.first.length / 4;
  }

  has(address: string): boolean {
    const family = readAddress(address);
    if (family === 4) return isInV4(this.#v4);
    return family === 6 && isInV6(this.#v6);
  }
}

/** Sorted ranges that do not overlap: the words of their first addresses one after the other, and of their last ones. */
interface Ranges {
  readonly first: Uint32Array;
  readonly last: Uint32Array;
  /** Of IPv6, by the first 53 bits, which a double holds. */
  readonly index: Float64Array;
}

const NO_INDEX = new Float64Array();
const NO_RANGES: Ranges = { first: new Uint32Array(), last: new Uint32Array(), index: NO_INDEX };

/** Collects the entries of an AddressSet. */
export class AddressSetBuilder {
  readonly #v4 = new Records(2);
  readonly #v6 = new Records(8);

  get entries(): number {
    return this.#v4.count + this.#v6.count;
  }

  /**
   * `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`; bits behind the prefix are ignored.
   * Throws a TypeError which names an entry that is neither an address nor a block.
   */
  add(entry: string): void {
    const slash = entry.indexOf('/');
    const address = slash === -1 ? entry : entry.slice(0, slash);
    const prefix = slash === -1 ? '' : entry.slice(slash + 1);
    const bits = address.includes(':') ? 128 : 32;
    const length = slash === -1 ? bits : Number(prefix);
    const family = address.includes('%') ? 0 : readAddress(address);
    if (family === 0 || (slash !== -1 && !/^\d{1,3}$/.test(prefix)) || length > bits) {
      throw new TypeError(
        `expected an IP address or a CIDR block like "10.0.0.0/8", found ${JSON.stringify(entry)}`,
      );
    }
    if (family === 6) return this.#addRange(this.#v6, length);
    const ownLength = bits === 128 ? length - 96 : length;
    if (ownLength >= 0) return this.#addRange(this.#v4, ownLength);
    // a block that holds more than the IPv4-mapped addresses: as IPv6
    words.set([0, 0, 0xffff, words[0] ?? 0]);
    this.#addRange(this.#v6, length);
  }

  #addRange(records: Records, length: number): void {
    const at = records.next();
    const size = records.stride / 2;
    for (let i = 0; i < size; i++) {
      const kept = Math.min(Math.max(length - i * 32, 0), 32);
      const mask = kept === 0 ? 0 : (0xffffffff << (32 - kept)) >>> 0;
      const word = words[i] ?? 0;
      records.words[at + i] = word & mask;
      records.words[at + size + i] = word | ~mask;
    }
  }

  build(): AddressSet {
    const steps = this.steps();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** The work of `build` in small steps, for lists of many thousands (`inTurns`). */
  *steps(): Generator<undefined, AddressSet> {
    return new AddressSet(yield* sortAndMerge(this.#v4), yield* sortAndMerge(this.#v6));
  }
}

/** Ranges one after the other in one array that grows. */
class Records {
  readonly stride: number;
  words: Uint32Array;
  count = 0;

  constructor(stride: number) {
    this.stride = stride;
    this.words = new Uint32Array(stride * 16);
  }

  /** Where the words of one more begin. */
  next(): number {
    const at = this.count++ * this.stride;
    if (at === this.words.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.words);
      this.words = larger;
    }
    return at;
  }
}

/** Sorted by their first address, overlapping ones joined. */
function* sortAndMerge({ words: unsorted, count, stride }: Records): Generator<undefined, Ranges> {
  if (count === 0) return NO_RANGES;
  const sorted = yield* sortRecords(unsorted.subarray(0, count * stride), stride);
  const size = stride / 2;
  let end = 0;
  for (let at = 0; at < sorted.length; at += stride) {
    if (at % (stride * RECORDS_A_STEP) === 0) yield;
    const previous = end - stride;
    if (end === 0 || compareAt(sorted, at, previous + size, size) > 0) {
      sorted.copyWithin(end, at, at + stride);
      end += stride;
    } else if (compareAt(sorted, at + size, previous + size, size) > 0) {
      sorted.copyWithin(previous + size, at + size, at + stride);
    }
  }
  const first = new Uint32Array(end / 2);
  const last = new Uint32Array(end / 2);
  for (let at = 0; at < end; at += stride) {
    if (at % (stride * RECORDS_A_STEP) === 0) yield;
    first.set(sorted.subarray(at, at + size), at / 2);
    last.set(sorted.subarray(at + size, at + stride), at / 2);
  }
  return { first, last, index: size === 4 ? indexOf(first) : NO_INDEX };
}

/** A bottom-up merge sort, which can pause anywhere and moves what is in order already as a whole. */
function* sortRecords(records: Uint32Array, stride: number): Generator<undefined, Uint32Array> {
  const size = stride / 2;
  let from: Uint32Array = records;
  let to: Uint32Array = new Uint32Array(records.length);
  let sinceStep = 0;
  for (let run = stride; run < records.length; run *= 2) {
    for (let start = 0; start < records.length; start += 2 * run) {
      let left = start;
      let right = Math.min(start + run, records.length);
      const leftEnd = right;
      const rightEnd = Math.min(start + 2 * run, records.length);
      let out = start;
      if (right < rightEnd && compareAt(from, leftEnd - stride, right, size) > 0) {
        while (left < leftEnd && right < rightEnd) {
          const at = compareAt(from, left, right, size) <= 0 ? left : right;
          for (let i = 0; i < stride; i++) to[out + i] = from[at + i] ?? 0;
          if (at === left) left += stride;
          else right += stride;
          out += stride;
          if (++sinceStep === RECORDS_A_STEP) {
            sinceStep = 0;
            yield;
          }
        }
      }
      to.set(from.subarray(left, leftEnd), out);
      to.set(from.subarray(right, rightEnd), out + leftEnd - left);
    }
    yield;
    [from, to] = [to, from];
  }
  return from;
}

function compareAt(records: Uint32Array, a: number, b: number, size: number): number {
  for (let i = 0; i < size; i++) {
    const one = records[a + i] ?? 0;
    const other = records[b + i] ?? 0;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** Whether the address in `words` lies in one of the ranges: the last one that begins at or below it decides. */
function isInV4({ first, last }: Ranges): boolean {
  const wanted = words[0] ?? 0;
  let low = 0;
  let high = first.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((first[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && (last[low - 1] ?? 0) >= wanted;
}

function isInV6({ first, last, index }: Ranges): boolean {
  const wanted0 = words[0] ?? 0;
  const wanted1 = words[1] ?? 0;
  const key = indexKey(wanted0, wanted1);
  const block = countBelow(index, key);
  let low = Math.max(0, block - 1) * INDEX_EVERY;
  // where the first bits are those of an indexed range, the others decide
  let high = index[block] === key ? first.length / 4 : Math.min(block * INDEX_EVERY, first.length / 4);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * 4;
    const word0 = first[at] ?? 0;
    const word1 = first[at + 1] ?? 0;
    if (
      word0 < wanted0 ||
      (word0 === wanted0 &&
        (word1 < wanted1 || (word1 === wanted1 && compareWithWords(first, at + 2, 2) <= 0)))
    ) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0 && compareWithWords(last, low * 4 - 4, 0) >= 0;
}

function indexOf(first: Uint32Array): Float64Array {
  const index = new Float64Array(Math.ceil(first.length / 4 / INDEX_EVERY));
  for (let i = 0; i < index.length; i++) {
    const at = i * INDEX_EVERY * 4;
    index[i] = indexKey(first[at] ?? 0, first[at + 1] ?? 0);
  }
  return index;
}

function indexKey(word0: number, word1: number): number {
  return word0 * 2 ** 21 + (word1 >>> 11);
}

function countBelow(index: Float64Array, key: number): number {
  let low = 0;
  let high = index.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((index[middle] ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Below 0 where what stands at `at` is below the address in `words`, from the word `from` on. */
function compareWithWords(ranges: Uint32Array, at: number, from: number): number {
  for (let i = from; i < 4; i++) {
    const word = ranges[at + i - from] ?? 0;
    const wanted = words[i] ?? 0;
    if (word !== wanted) return word < wanted ? -1 : 1;
  }
  return 0;
}
