import { readdir } from 'node:fs/promises';
import { isWholeUrl } from '../selected.ts';
import type { Selection } from '../stored-answer.ts';
import { passOver, removeFile, type CacheFolder } from './cache-folder.ts';
import type { DiskQueue } from './disk-queue.ts';
import { removed } from './disk-task.ts';
import { nameStartOfKey, nameStartOfUrl, type NameStart } from './entry-name.ts';
import { runInThread } from './run-in-thread.ts';

interface Waiting {
  readonly selection: Selection;
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Removes entries: of a key or a URL by the names of their files, others by the heads of all files, which a thread reads for it.
 * One thread at a time: what is asked for meanwhile is done together afterwards.
 */
export class Removals {
  readonly #folder: CacheFolder;
  readonly #queue: DiskQueue;
  readonly #signal: AbortSignal;
  #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(folder: CacheFolder, queue: DiskQueue, signal: AbortSignal) {
    this.#folder = folder;
    this.#queue = queue;
    this.#signal = signal;
  }

  /** @returns how many went. @throws what the file system throws. */
  async remove(selection: Selection): Promise<number> {
    const start = nameStartOf(selection);
    if (start !== null) return this.#removeByName(start);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiting.push({ selection, resolve, reject });
    if (!this.#isRunning) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const now = this.#waiting;
      this.#waiting = [];
      const selections = now.map(({ selection }) => selection);
      try {
        const task = { kind: 'remove', folder: this.#folder.path, selections } as const;
        const counts = await runInThread(task, removed, this.#signal);
        for (const [index, { resolve }] of now.entries()) resolve(counts[index] ?? 0);
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    this.#isRunning = false;
  }

  async #removeByName({ shard, start }: NameStart): Promise<number> {
    const folder = this.#folder.shard(shard);
    const names = await this.#queue.run(() => readdir(folder).catch(passOver('ENOENT')));
    const files = (names ?? []).filter((file) => file.startsWith(start));
    for (const file of files) await this.#queue.run(() => removeFile(this.#folder.entry({ shard, file })));
    return files.length;
  }
}

function nameStartOf(selection: Selection): NameStart | null {
  if ('key' in selection) return nameStartOfKey(selection.key);
  if ('prefix' in selection && isWholeUrl(selection.prefix)) return nameStartOfUrl(selection.prefix);
  return null;
}
