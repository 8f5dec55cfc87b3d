import { statSync, type BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** How often files are looked at. */
const POLL_MS = 250;
/** A file that is written to without end is taken as it is after so many looks. */
const MOST_UNSETTLED = 20;

interface Watched {
  readonly path: string;
  readonly onChange: () => void;
  /** What was last told of. */
  known: string;
  /** What was seen at the last look. */
  seen: string;
  unsettled: number;
}

/**
 * Tells when files have changed: written over, replaced, gone or come. By looking at them, because no event tells of all of
 * that on every file system. A change is told of when the file is the same at two looks, so that none is read half-written.
 */
export class FileWatch {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;
  #looking = false;

  /** From the state in which the file is now. Returns how to stop. */
  watch(path: string, onChange: () => void): () => void {
    const state = textOf(statSync(path, { bigint: true, throwIfNoEntry: false }));
    const watched: Watched = { path, onChange, known: state, seen: state, unsettled: 0 };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => void this.#look(), POLL_MS).unref();
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size === 0) this.#stop();
    };
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #look(): Promise<void> {
    // A slow file system is not asked again before it has answered.
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const watched of this.#watched) {
        const state = await stateOf(watched.path);
        if (!this.#watched.has(watched)) continue;
        const isSettled = state === watched.seen;
        watched.seen = state;
        if (state === watched.known) {
          watched.unsettled = 0;
          continue;
        }
        watched.unsettled += 1;
        if (!isSettled && watched.unsettled < MOST_UNSETTLED) continue;
        watched.known = state;
        watched.unsettled = 0;
        watched.onChange();
      }
    } finally {
      this.#looking = false;
    }
  }
}

async function stateOf(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(textOf, () => textOf(undefined));
}

/** Differs when the content may differ. */
function textOf(stats: BigIntStats | undefined): string {
  if (stats === undefined) return 'none';
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
