import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { passOver, removeFile, type CacheFolder } from './cache-folder.ts';
import type { Counts } from './counts.ts';

/** Who was not seen for so long is gone. */
const GONE_AFTER_MS = 10_000;
/** Files of members that died one after the other; more are passed over until the sweep has taken them away. */
const MOST_MEMBERS = 500;

const counts = z.object({ bytes: z.number(), entries: z.number() });
const report = z.object({
  at: z.number(),
  total: counts,
  seen: z.record(z.string(), counts),
});
const memberState = z.object({ written: counts, report: report.nullable(), isClosed: z.boolean() });
type MemberState = z.infer<typeof memberState>;

/** What there was at a sweep, and what each member had written by then. */
export type SweepReport = Readonly<z.infer<typeof report>>;

export interface Member {
  readonly id: string;
  readonly state: MemberState;
  /** It works, as far as one can see. */
  readonly isLive: boolean;
}

/**
 * The workers that share a folder, as each sees them: a file for each, written anew every few seconds. No lock: the live one
 * with the smallest id sweeps, and if two think so for a moment, they do the same work twice.
 */
export class Members {
  /** The one that came first has the smallest. */
  readonly ownId = `${Date.now().toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`;
  readonly #folder: CacheFolder;
  #others: readonly Member[] = [];
  #written: Counts = { bytes: 0, entries: 0 };
  #report: SweepReport | null = null;

  constructor(folder: CacheFolder) {
    this.#folder = folder;
  }

  get written(): Counts {
    return this.#written;
  }

  addWritten(bytes: number): void {
    this.#written = { bytes: this.#written.bytes + bytes, entries: this.#written.entries + 1 };
  }

  /** How many work, this one included. */
  get live(): number {
    return this.#others.filter(({ isLive }) => isLive).length + 1;
  }

  get isSweeper(): boolean {
    return this.#others.every(({ isLive, id }) => !isLive || id > this.ownId);
  }

  /** Those whose files a sweep takes away. */
  get gone(): readonly Member[] {
    return this.#others.filter(({ isLive }) => !isLive);
  }

  get liveIds(): string[] {
    return [this.ownId, ...this.#others.filter(({ isLive }) => isLive).map(({ id }) => id)];
  }

  /** By the last report, with what was written since; null: there is none yet. */
  get total(): Counts | null {
    const reports = [this.#report, ...this.#others.map(({ state }) => state.report)];
    const last = reports
      .filter((one) => one !== null)
      .reduce<SweepReport | null>((a, b) => (a === null || b.at > a.at ? b : a), null);
    if (last === null) return null;
    let { bytes, entries } = last.total;
    for (const { id, written } of this.#allWritten()) {
      const seen = last.seen[id] ?? { bytes: 0, entries: 0 };
      bytes += written.bytes - seen.bytes;
      entries += written.entries - seen.entries;
    }
    return { bytes, entries };
  }

  /** What each has written, for a sweep that begins now. */
  seen(): Record<string, Counts> {
    return Object.fromEntries(this.#allWritten().map(({ id, written }) => [id, written]));
  }

  setReport(swept: SweepReport): void {
    this.#report = swept;
  }

  get report(): SweepReport | null {
    return this.#report;
  }

  /** Says that it is there and what it has written, and looks at the others. */
  async look(isClosed = false): Promise<void> {
    const state: MemberState = { written: this.#written, report: this.#report, isClosed };
    const draft = join(this.#folder.unfinished, `${this.ownId}.member`);
    await writeFile(draft, JSON.stringify(state), { mode: 0o600 });
    const own = join(this.#folder.members, this.ownId);
    await rename(draft, own);
    if (isClosed) return;
    // By the clock of the file system, which may be that of another machine.
    const { mtimeMs } = await stat(own);
    const ids = (await readdir(this.#folder.members)).filter((id) => id !== this.ownId);
    const others: Member[] = [];
    for (const id of ids.slice(0, MOST_MEMBERS)) {
      const other = await this.#readOther(id, mtimeMs - GONE_AFTER_MS).catch(passOver('ENOENT'));
      if (other !== undefined) others.push(other);
    }
    this.#others = others;
  }

  async forget(members: readonly Member[]): Promise<void> {
    for (const { id } of members) await removeFile(join(this.#folder.members, id));
  }

  async #readOther(id: string, liveSinceMs: number): Promise<Member> {
    const path = join(this.#folder.members, id);
    const { mtimeMs } = await stat(path);
    const state = readState(await readFile(path, 'utf8'));
    if (state === null)
      return {
        id,
        state: { written: { bytes: 0, entries: 0 }, report: null, isClosed: true },
        isLive: false,
      };
    return { id, state, isLive: !state.isClosed && mtimeMs >= liveSinceMs };
  }

  #allWritten(): { readonly id: string; readonly written: Counts }[] {
    const others = this.#others.map(({ id, state }) => ({ id, written: state.written }));
    return [{ id: this.ownId, written: this.#written }, ...others];
  }
}

function readState(json: string): MemberState | null {
  try {
    return memberState.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
