import type { EntryName } from './entry-name.ts';

/** A file that was seen. */
export interface SeenFile {
  readonly name: EntryName;
  /** That it takes of the disk. */
  readonly bytes: number;
  readonly usedAtMs: number;
}

/** Of all files that it is shown it keeps those that were not used for the longest: so many at most. */
export class OldestFiles {
  readonly #most: number;
  #files: SeenFile[] = [];
  /** What was used later is not among them. */
  #until = Number.POSITIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  add(file: SeenFile): void {
    if (file.usedAtMs > this.#until) return;
    this.#files.push(file);
    // Sorted when there are twice as many: not for each one.
    if (this.#files.length < 2 * this.#most) return;
    this.#files = this.sorted();
    this.#until = this.#files.at(-1)?.usedAtMs ?? this.#until;
  }

  /** The oldest one first. */
  sorted(): SeenFile[] {
    return this.#files.toSorted((a, b) => a.usedAtMs - b.usedAtMs).slice(0, this.#most);
  }
}
