import type { KeyTable } from './hashing.ts';
import { hash32 } from './key-hash.ts';

/** Turns are sorted as one number: when it is due (32 bits), and below that the backend's number. */
const NUMBERS = 2 ** 20;

/**
 * The table of Google's Maglev: `size` entries (a prime number), of which each backend has its share by weight to
 * within one entry, and a key's hash names the entry. Shares are more even than those of points on a circle; a backend that
 * joins or goes for good moves a few keys of the others besides its own.
 */
export function maglevTable(size: number, names: readonly string[], weights: readonly number[]): KeyTable {
  const owners = new Uint32Array(size);
  const taken = new Uint8Array(size);
  // Each backend has a row of its own in which it wants the entries: all of them, since `size` is prime.
  const next = Uint32Array.from(names, (name) => hash32(name, 1) % size);
  const steps = Uint32Array.from(names, (name) => (hash32(name, 2) % (size - 1)) + 1);
  for (const turn of turns(size, weights)) {
    const number = turn % NUMBERS;
    const step = steps[number] ?? 1;
    let entry = next[number] ?? 0;
    while (taken[entry] === 1) {
      entry += step;
      if (entry >= size) entry -= size;
    }
    taken[entry] = 1;
    owners[entry] = number;
    next[number] = entry;
  }
  return weights.some((weight) => weight > 0)
    ? { owners, positionOf: (key) => hash32(key) % size }
    : { owners: new Uint32Array(), positionOf: () => 0 };
}

/** Whose turn it is to take an entry, `size` times: a backend's turns are spread evenly over the whole. */
function turns(size: number, weights: readonly number[]): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const all = new Float64Array(size + 2 * weights.length);
  let count = 0;
  for (const [number, weight] of weights.entries()) {
    if (weight <= 0) continue;
    const entries = (weight / total) * size;
    // In the middle of its part of the whole, so that many light backends do not all come first or last.
    for (let turn = 0.5; turn < entries + 1; turn++) {
      const due = Math.min((turn / entries) * size, 2 * size);
      all[count++] = Math.floor((due / (2 * size)) * (2 ** 32 - 1)) * NUMBERS + number;
    }
  }
  return all.subarray(0, count).sort().subarray(0, size);
}
