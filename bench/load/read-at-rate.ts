import { setTimeout as delay } from 'node:timers/promises';

/** Reads a body to its end, no faster than `bytesPerSecond` (0: as fast as it comes). @returns its length. */
export async function readAtRate(body: AsyncIterable<Buffer>, bytesPerSecond: number): Promise<number> {
  const started = performance.now();
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytesPerSecond === 0) continue;
    const ahead = (bytes / bytesPerSecond) * 1000 - (performance.now() - started);
    if (ahead > 20) await delay(ahead);
  }
  return bytes;
}

/** `bytes` zeros in pieces of 64 KiB. */
export function* zeros(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024);
  for (let left = bytes; left > 0; left -= piece.length)
    yield left < piece.length ? piece.subarray(0, left) : piece;
}
