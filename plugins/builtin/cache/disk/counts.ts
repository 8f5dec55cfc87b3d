/** How much there is: files by what they take of the disk, and their number. */
export interface Counts {
  readonly bytes: number;
  readonly entries: number;
}

/** File systems give whole blocks. */
const DISK_BLOCK_BYTES = 4096;

/** What a file takes of the disk. */
export function diskBytes(fileBytes: number): number {
  return Math.ceil(fileBytes / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES;
}

export function plus(a: Counts, b: Counts): Counts {
  return { bytes: a.bytes + b.bytes, entries: a.entries + b.entries };
}

export function minus(a: Counts, b: Counts): Counts {
  return { bytes: a.bytes - b.bytes, entries: a.entries - b.entries };
}

export function times(counts: Counts, factor: number): Counts {
  return { bytes: Math.floor(counts.bytes * factor), entries: Math.floor(counts.entries * factor) };
}

/** Of one of the two at least. */
export function exceeds(counts: Counts, most: Counts): boolean {
  return counts.bytes > most.bytes || counts.entries > most.entries;
}
