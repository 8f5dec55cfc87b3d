import type { CacheFolder } from './cache-folder.ts';
import { diskBytes, exceeds, minus, plus, times, type Counts } from './counts.ts';
import type { DiskQueue } from './disk-queue.ts';
import { swept } from './disk-task.ts';
import { Members } from './members.ts';
import { runInThread } from './run-in-thread.ts';
import type { Trouble } from './trouble.ts';

const LOOK_EVERY_MS = 2000;
/** Where a worker has written all that it may. */
const SOONER_MS = 100;
/** For what nobody has counted: unfinished files, and entries that were removed by hand. */
const SWEEP_EVERY_MS = 10 * 60_000;
/** After one that has failed. */
const SWEEP_AGAIN_MS = 30_000;
/** A sweep begins at the one share of the bounds and goes down to the other: there is room to write in while it works. */
const SWEEP_ABOVE = 0.9;
const SWEEP_DOWN_TO = 0.8;
/** A sweep removes where it counts more than this: where less would do, the next one would soon be due. */
const REMOVE_ABOVE = 0.85;
/**
 * Of its share of the room a worker takes this much before it looks again: those that come up one after the other, and see
 * more and more of them, take 1/4 + 1/8 + 1/12 …, which for thirty of them is all that there is.
 */
const TAKEN_AT_ONCE = 0.25;
/** What is taken to be there before the first sweep has counted it. */
const UNCOUNTED = 0.95;

const NONE: Counts = { bytes: 0, entries: 0 };

/**
 * Keeps the folder within its bounds. Each worker may write its share of the room that is left, as it sees it when it looks at the
 * others, so that all together stay within the bounds; what is replaced or removed counts until the next sweep.
 */
export class Upkeep {
  readonly members: Members;
  readonly #folder: CacheFolder;
  readonly #queue: DiskQueue;
  readonly #bounds: Counts;
  readonly #trouble: Trouble;
  readonly #closing = new AbortController();
  #share: Counts = NONE;
  /** The disk did not take something, or shows nothing: nothing is written before the next look. */
  #isPaused = false;
  /** What is being written, by what is known of it. */
  #underWay: Counts = NONE;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #sweepsFrom = 0;
  #sweeping: Promise<void> | null = null;
  #working: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(folder: CacheFolder, queue: DiskQueue, bounds: Counts, trouble: Trouble) {
    this.#folder = folder;
    this.#queue = queue;
    this.#bounds = bounds;
    this.#trouble = trouble;
    this.members = new Members(folder);
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Looks at the others once; the rest goes on in the background. */
  async begin(): Promise<void> {
    await this.#look().catch((error: unknown) => this.#failed(error));
    this.#schedule(0);
  }

  /** Takes what one more entry needs from this worker's share. False: it has none left for now. */
  reserve(bytes: number): boolean {
    if (this.#isPaused) return false;
    const left = minus(this.#share, this.#underWay);
    if (left.bytes <= 0 || left.entries <= 0) {
      this.#schedule(SOONER_MS);
      return false;
    }
    this.#underWay = plus(this.#underWay, { bytes: diskBytes(bytes), entries: 1 });
    return true;
  }

  /** Gives back what was reserved. `written`: bytes of the file that there is now. */
  settle(reserved: number, written: number | null): void {
    this.#underWay = minus(this.#underWay, { bytes: diskBytes(reserved), entries: 1 });
    if (written === null) return;
    const bytes = diskBytes(written);
    this.members.addWritten(bytes);
    this.#share = minus(this.#share, { bytes, entries: 1 });
  }

  pause(): void {
    this.#isPaused = true;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await Promise.all([this.#working, this.#sweeping]);
    await this.#queue.run(() => this.members.look(true)).catch(() => {});
  }

  #failed(error: unknown): void {
    this.pause();
    if (this.signal.aborted) return;
    this.#trouble.note(error);
  }

  /** Tends the folder in so many milliseconds, if not sooner. */
  #schedule(afterMs: number): void {
    const at = performance.now() + afterMs;
    if (this.signal.aborted || this.#working !== null || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#working = this.#tend()
        .catch((error: unknown) => this.#failed(error))
        .then(() => {
          this.#working = null;
          this.#schedule(LOOK_EVERY_MS);
        });
    }, afterMs).unref();
  }

  async #tend(): Promise<void> {
    // It may have vanished, or have been a disk that could not be written to.
    await this.#queue.run(() => this.#folder.restore());
    await this.#look();
    if (this.#sweeping !== null || !this.#mustSweep()) return;
    // Not waited for: it may take longer than a worker that is not heard of counts as there.
    this.#sweeping = this.#sweep()
      .catch((error: unknown) => {
        this.#sweepsFrom = performance.now() + SWEEP_AGAIN_MS;
        this.#failed(error);
      })
      .then(() => {
        this.#sweeping = null;
        this.#schedule(0);
      });
  }

  async #sweep(): Promise<void> {
    const { members, signal } = this;
    const gone = members.gone;
    const seen = members.seen();
    const total = await runInThread(
      {
        kind: 'sweep',
        folder: this.#folder.path,
        most: times(this.#bounds, REMOVE_ABOVE),
        target: times(this.#bounds, SWEEP_DOWN_TO),
        live: members.liveIds,
      },
      swept,
      signal,
    );
    await members.forget(gone);
    for (const { id } of gone) delete seen[id];
    members.setReport({ at: Date.now(), total, seen });
    this.#sweptAt = performance.now();
  }

  #mustSweep(): boolean {
    const { members } = this;
    if (!members.isSweeper || performance.now() < this.#sweepsFrom) return false;
    if (members.report === null || members.gone.length > 0) return true;
    if (performance.now() - this.#sweptAt > SWEEP_EVERY_MS) return true;
    return exceeds(this.#total(), times(this.#bounds, SWEEP_ABOVE));
  }

  async #look(): Promise<void> {
    const before = this.members.written;
    await this.#queue.run(() => this.members.look());
    this.#isPaused = false;
    const room = minus(this.#bounds, this.#total());
    // What was written meanwhile is not in what the others see.
    this.#share = minus(times(room, TAKEN_AT_ONCE / this.members.live), minus(this.members.written, before));
  }

  #total(): Counts {
    return this.members.total ?? times(this.#bounds, UNCOUNTED);
  }
}
