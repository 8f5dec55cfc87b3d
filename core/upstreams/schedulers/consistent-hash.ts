import type { KeyTable } from './hashing.ts';
import { CRC_BEGIN, crcEnd, crcNumber, crcText } from './key-hash.ts';

/** Points on the circle for one unit of weight, as nginx has them. */
const POINTS = 160;
/** Of all backends together; heavier weights get fewer points for each unit. Building the circle holds up the worker. */
const MAX_POINTS = 2 ** 18;
/** A point is its hash (32 bits) and below that its backend's number, in one number that sorts by hash. */
const NUMBERS = 2 ** 20;

/**
 * The circle of ketama: every backend has points on it in proportion to its weight, and a key belongs to
 * the next point. Points and keys are hashed as nginx does for `hash … consistent`, so that both send a
 * key to the same backend where backends, weights and order of the fields are the same.
 */
export function ketamaCircle(names: readonly string[], weights: readonly number[]): KeyTable {
  const points = pointsOf(names, weights).sort();
  const hashes = new Uint32Array(points.length);
  const owners = new Uint32Array(points.length);
  let count = 0;
  for (const point of points) {
    const hash = Math.floor(point / NUMBERS);
    // The first of points with the same hash, as nginx has it.
    if (count > 0 && hashes[count - 1] === hash) continue;
    hashes[count] = hash;
    owners[count] = point % NUMBERS;
    count += 1;
  }
  const kept = hashes.subarray(0, count);
  return {
    owners: owners.subarray(0, count),
    positionOf: (key) => nextPoint(kept, crcEnd(crcText(CRC_BEGIN, key))),
  };
}

function pointsOf(names: readonly string[], weights: readonly number[]): Float64Array {
  const wanted = weights.reduce((sum, weight) => sum + weight * POINTS, 0);
  const scale = POINTS * Math.min(1, MAX_POINTS / wanted);
  const counts = weights.map((weight) => (weight <= 0 ? 0 : Math.max(1, Math.round(weight * scale))));
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let filled = 0;
  for (const [number, name] of names.entries()) {
    const begin = crcText(CRC_BEGIN, seedOf(name));
    let hash = 0;
    for (let i = 0; i < (counts[number] ?? 0); i++) {
      hash = crcEnd(crcNumber(begin, hash));
      points[filled++] = hash * NUMBERS + number;
    }
  }
  return points;
}

/** Host and port with a NUL between them; a Unix socket has its path alone. */
function seedOf(name: string): string {
  if (name.startsWith('unix:')) return `${name.slice('unix:'.length)}\0`;
  const colon = name.lastIndexOf(':');
  return colon === -1 ? `${name}\0` : `${name.slice(0, colon)}\0${name.slice(colon + 1)}`;
}

/** The first point at or behind the hash; after the last one comes the first. */
function nextPoint(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return low === hashes.length ? 0 : low;
}
