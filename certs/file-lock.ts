import { open, readdir, rm, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDead, ourselves, parseOwner } from './lock-owner.ts';
import { codeOf, makePrivateFolder, writePrivateFile } from './private-files.ts';

export interface LockTiming {
  /** The owner shows that it lives at this interval. */
  readonly heartbeatMs: number;
  /** A lock whose owner showed nothing for so long is taken over. */
  readonly staleMs: number;
}

const USUAL_TIMING: LockTiming = { heartbeatMs: 5_000, staleMs: 30_000 };

/** How often a waiting process looks: soon at first, then with less haste. */
const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 1_000;

/** No key of the storage has this sign, so that a lock's files and the folder of one below it do not meet. */
const SIGN = '@';

const FREE = 'free\n';

/** What is in force: the file with the highest generation. */
interface Turn {
  readonly generation: number;
  readonly text: string;
  readonly heartbeat: number;
}

/**
 * A lock between processes: a folder with files `@1`, `@2` …, of which the last says who owns it, or that it is free.
 * Every change of hands (taking it, giving it back, taking it over from the dead) is the creation of the next
 * file, which the file system lets exactly one process do. So nothing that belongs to another is ever removed, and
 * a crash at any point leaves a file whose owner is dead and which is taken over from like any.
 */
export class FileLock {
  readonly #folder: string;
  readonly #timing: LockTiming;
  /** In this process only one waits for the file, the others for it. */
  #last: Promise<void> = Promise.resolve();
  #interested = 0;

  constructor(folder: string, timing: LockTiming = USUAL_TIMING) {
    this.#folder = folder;
    this.#timing = timing;
  }

  /** Nobody in this process holds it or waits for it. */
  get idle(): boolean {
    return this.#interested === 0;
  }

  /** Rejects with the signal's reason. The function gives it back. */
  readonly acquire = async (signal: AbortSignal): Promise<() => Promise<void>> => {
    const before = this.#last;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.#last = before.then(() => over);
    this.#interested += 1;
    const leave = (): void => {
      this.#interested -= 1;
      end();
    };
    try {
      await untilAborted(before, signal);
      const generation = await this.#take(signal);
      return this.#release(generation, leave);
    } catch (error) {
      leave();
      throw error;
    }
  };

  #release(generation: number, leave: () => void): () => Promise<void> {
    const mine = this.#file(generation);
    const heart = setInterval(() => {
      const now = new Date();
      // It may have been taken over from us; then there is nothing left to keep alive.
      utimes(mine, now, now).catch(() => {});
    }, this.#timing.heartbeatMs);
    heart.unref();
    let given: Promise<void> | null = null;
    const give = async (): Promise<void> => {
      clearInterval(heart);
      try {
        if (await this.#create(generation + 1, FREE)) await this.#removeBefore(generation);
      } catch {
        // A disk that is full still lets go of things: the one before, which is free or of the dead, is in force again. Where not
        // even that can be done, others take it over as one whose owner shows nothing. What was done under it is done.
        await rm(mine, { force: true }).catch(() => undefined);
      } finally {
        leave();
      }
    };
    return () => (given ??= give());
  }

  /** @returns the generation that is ours */
  async #take(signal: AbortSignal): Promise<number> {
    await makePrivateFolder(this.#folder);
    const longestWait = Math.min(LAST_LOOK_MS, this.#timing.staleMs / 10);
    let [seen, silentMs, lastLook]: [Turn | null, number, number] = [null, 0, 0];
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, longestWait)) {
      signal.throwIfAborted();
      const turn = await this.#look();
      // Measured by our own clock alone: those of two machines need not agree, and each may be set. And no longer than
      // we meant to wait: where we stood still, the owner may have done so too.
      const now = performance.now();
      silentMs = seen !== null && isSame(seen, turn) ? silentMs + Math.min(now - lastLook, 2 * wait) : 0;
      [seen, lastLook] = [turn, now];
      if (turn.text === FREE || silentMs >= this.#timing.staleMs || (await this.#isOfTheDead(turn))) {
        const generation = turn.generation + 1;
        if (await this.#create(generation, `${JSON.stringify(await ourselves())}\n`)) {
          if ((await this.#newest()) === generation) {
            await this.#removeBefore(generation - 1);
            return generation;
          }
          // We looked so long ago that the file of this number had come and gone: it means nothing.
          await rm(this.#file(generation), { force: true });
        }
        wait = FIRST_LOOK_MS;
      }
      await delay(wait * (0.5 + Math.random()), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async #isOfTheDead(turn: Turn): Promise<boolean> {
    const owner = parseOwner(turn.text);
    return owner !== null && (await isDead(owner));
  }

  async #look(): Promise<Turn> {
    for (;;) {
      const generation = await this.#newest();
      if (generation === 0) return { generation, text: FREE, heartbeat: 0 };
      // Opened and not just looked up: on NFS that is what asks the server.
      const file = await openIfThere(this.#file(generation));
      // Removed between the two calls, so there is a newer one.
      if (file === null) continue;
      try {
        const { mtimeMs } = await file.stat();
        return { generation, text: await file.readFile('utf8'), heartbeat: mtimeMs };
      } finally {
        await file.close();
      }
    }
  }

  async #newest(): Promise<number> {
    return Math.max(0, ...(await this.#generations()));
  }

  async #generations(): Promise<number[]> {
    return (await readdir(this.#folder)).flatMap((name) =>
      /^@\d{1,15}$/.test(name) ? [Number(name.slice(SIGN.length))] : [],
    );
  }

  /** false: another process was faster. */
  async #create(generation: number, text: string): Promise<boolean> {
    try {
      await writePrivateFile(this.#file(generation), text, false);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** The one before stays: a reader of the folder that misses what is just added finds that. */
  async #removeBefore(generation: number): Promise<void> {
    for (const old of await this.#generations())
      if (old < generation) await rm(this.#file(old), { force: true });
  }

  #file(generation: number): string {
    return join(this.#folder, `${SIGN}${generation}`);
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function isSame(one: Turn, other: Turn): boolean {
  return one.generation === other.generation && one.heartbeat === other.heartbeat && one.text === other.text;
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
