import { readdir, utimes } from 'node:fs/promises';
import type { BodyStream, PluginLog } from '../../../api.ts';
import { isSelected, isWholeUrl } from '../selected.ts';
import type { ByteSpan, LowerTier, Selection, StoredHead, TierWriter } from '../stored-answer.ts';
import { CacheFolder, ForeignFolder, passOver, removeFile } from './cache-folder.ts';
import { DiskQueue } from './disk-queue.ts';
import { EntryBody } from './entry-body.ts';
import { EntryFile } from './entry-file.ts';
import { encodeUpdate, layoutFor } from './entry-format.ts';
import { nameOf, nameStartOfKey, type EntryName } from './entry-name.ts';
import { EntryWriter } from './entry-writer.ts';
import { Removals } from './removals.ts';
import { Trouble } from './trouble.ts';
import { Upkeep } from './upkeep.ts';

/** That it was used is written down this often at most, for each file. */
const TOUCH_EVERY_MS = 60_000;
const MOST_WRITERS = 64;
/** So many files may be put in place while a purge of another worker is on its way here. */
const WRITTEN_KNOWN = 256;
const MOST_BODIES = 256;
/** What there is more of a key, or in a folder of entries, goes. */
const MOST_VARIANTS = 64;
const MOST_IN_SHARD = 1000;
/** No body is larger than this part of the whole: those that are being written would be more than there is room for. */
const LARGEST_PART = 0.1;

export interface DiskTierSettings {
  /** Absolute. */
  readonly folder: string;
  /** Bytes of all files, for all workers. */
  readonly size: number;
  readonly entries: number;
  /** Of a body, in bytes; a tenth of `size` at most. */
  readonly largest: number;
  readonly log: PluginLog;
}

/** Entries in files, shared by all workers that use the folder, and by those that come after a restart. */
export class DiskTier implements LowerTier {
  readonly #folder: CacheFolder;
  readonly #largest: number;
  readonly #queue = new DiskQueue();
  readonly #trouble: Trouble;
  readonly #upkeep: Upkeep;
  readonly #removals: Removals;
  readonly #writers = new Set<EntryWriter>();
  /** What was put in its place last. */
  #written: Pick<StoredHead, 'key' | 'tags'>[] = [];
  readonly #bodies = new Set<EntryBody>();
  #isClosed = false;

  private constructor({ folder, size, entries, largest, log }: DiskTierSettings) {
    this.#folder = new CacheFolder(folder);
    this.#largest = Math.min(largest, Math.floor(size * LARGEST_PART));
    this.#trouble = new Trouble(log, folder);
    this.#upkeep = new Upkeep(this.#folder, this.#queue, { bytes: size, entries }, this.#trouble);
    this.#removals = new Removals(this.#folder, this.#queue, this.#upkeep.signal);
  }

  /** A disk that does not work is no error: it may come. @throws {ForeignFolder} */
  static async open(settings: DiskTierSettings): Promise<DiskTier> {
    const tier = new DiskTier(settings);
    try {
      await tier.#queue.run(() => tier.#folder.claim());
    } catch (error) {
      if (error instanceof ForeignFolder) throw error;
      tier.#trouble.note(error);
    }
    await tier.#upkeep.begin();
    return tier;
  }

  async find(key: string): Promise<readonly StoredHead[]> {
    const { shard, start } = nameStartOfKey(key);
    return this.#orElse([], async () => {
      const files = await readdir(this.#folder.shard(shard)).catch(passOver('ENOENT'));
      if (files === undefined) return [];
      if (files.length > MOST_IN_SHARD) this.#removeSome(shard, files.slice(MOST_IN_SHARD));
      const names = files.filter((file) => file.startsWith(start));
      if (names.length > MOST_VARIANTS) this.#removeSome(shard, names.slice(MOST_VARIANTS));
      const heads: StoredHead[] = [];
      for (const file of names.slice(0, MOST_VARIANTS)) {
        const found = await this.#open({ shard, file });
        if (found === null) continue;
        const { head } = found.start;
        await found.close();
        if (head.key === key && nameOf(key, head.variant).file === file) heads.push(head);
        else await removeFile(this.#folder.entry({ shard, file }));
      }
      return heads;
    });
  }

  /** `signal`: aborted when nobody wants it any more, read or not. */
  async read(head: StoredHead, span?: ByteSpan, signal?: AbortSignal): Promise<BodyStream | null> {
    if (this.#bodies.size >= MOST_BODIES) return null;
    const body = await this.#orElse(
      null,
      async () => {
        const file = await this.#open(nameOf(head.key, head.variant));
        if (file === null) return null;
        return this.#begin(file, head, span ?? { start: 0, end: file.start.head.length });
      },
      (late) => void late?.return(),
    );
    if (body === null) return null;
    signal?.addEventListener('abort', () => void body.return(), { once: true });
    if (signal?.aborted === true) await body.return();
    return body;
  }

  writer(head: StoredHead): TierWriter | null {
    if (this.#isClosed || this.#writers.size >= MOST_WRITERS || head.length > this.#largest) return null;
    const layout = layoutFor(head);
    const reserved = Math.max(0, head.length);
    if (layout === null || !this.#upkeep.reserve(reserved)) return null;
    const writer = new EntryWriter(head, {
      folder: this.#folder,
      queue: this.#queue,
      layout,
      owner: this.#upkeep.members.ownId,
      mostBytes: this.#largest,
      ended: (ended, bytes) => {
        this.#writers.delete(ended);
        if (bytes !== null) this.#written = [...this.#written.slice(1 - WRITTEN_KNOWN), ended.head];
        this.#upkeep.settle(reserved, bytes);
      },
      failed: (error) => {
        this.#upkeep.pause();
        this.#trouble.note(error);
      },
    });
    this.#writers.add(writer);
    return writer;
  }

  async update(head: StoredHead): Promise<void> {
    const isDone = await this.#orElse(true, async () => {
      const file = await this.#open(nameOf(head.key, head.variant), 'write');
      if (file === null) return true;
      try {
        if (!isSameBody(file.start.head, head)) return true;
        const update = encodeUpdate(file.start, { ...head, length: file.start.head.length });
        if (update === null) return false;
        await file.write(update.at, update.bytes);
        return true;
      } finally {
        await file.close();
      }
    });
    if (!isDone) await this.#writeAnew(head);
  }

  /** Says that an entry is used that is not read from here. To be called once a minute at most. */
  async touch(head: StoredHead): Promise<void> {
    const now = Date.now() / 1000;
    await this.#orElse(undefined, () =>
      utimes(this.#folder.entry(nameOf(head.key, head.variant)), now, now).catch(passOver('ENOENT')),
    );
  }

  /** Gives up what is being written of these: it is from before a purge. */
  forget(selection: Selection): void {
    this.#abandon(selection);
    // So may be what was put in its place when the purge had looked there and was not yet known here. One that goes through all
    // files begins later than it is told.
    if ('tag' in selection || ('prefix' in selection && !isWholeUrl(selection.prefix))) return;
    const late = this.#written.filter((head) => isSelected(head, selection));
    this.#written = this.#written.filter((head) => !late.includes(head));
    for (const { key } of late) void this.remove({ key });
  }

  #abandon(selection: Selection): void {
    for (const writer of this.#writers) if (isSelected(writer.head, selection)) writer.abandon();
  }

  async remove(selection: Selection): Promise<number> {
    this.#abandon(selection);
    try {
      return await this.#removals.remove(selection);
    } catch (error) {
      this.#trouble.note(error);
      return 0;
    }
  }

  status(): Readonly<Record<string, string | number | boolean>> {
    const total = this.#upkeep.members.total;
    const { written } = this.#upkeep.members;
    return {
      ...(total === null ? {} : { diskEntries: total.entries, diskBytes: total.bytes }),
      diskWritten: written.entries,
      diskFailures: this.#trouble.count,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const writers = [...this.#writers];
    for (const writer of writers) writer.abandon();
    await Promise.all(writers.map((writer) => writer.settled()));
    await Promise.all([...this.#bodies].map((body) => body.return()));
    await this.#upkeep.close();
  }

  /** null: not there, or not whole; then it is removed. */
  async #open(name: EntryName, access: 'read' | 'write' = 'read'): Promise<EntryFile | null> {
    const path = this.#folder.entry(name);
    const file = await EntryFile.open(path, access).catch(passOver('ENOENT', 'ELOOP', 'ENXIO'));
    if (file === null) await removeFile(path);
    return file ?? null;
  }

  async #begin(file: EntryFile, head: StoredHead, { start, end }: ByteSpan): Promise<EntryBody | null> {
    let body: EntryBody | null = null;
    try {
      if (!isSameBody(file.start.head, head)) return null;
      if (Date.now() - file.usedAtMs > TOUCH_EVERY_MS) await file.touch().catch(() => {});
      const span = { start, end: Math.min(end, file.start.head.length) };
      const begun = new EntryBody(file, span, this.#queue, (closed) => this.#bodies.delete(closed));
      this.#bodies.add(begun);
      body = begun;
      if (await begun.begin()) return begun;
      await begun.return();
      await removeFile(this.#folder.entry(nameOf(head.key, head.variant)));
      return null;
    } finally {
      if (body === null) await file.close();
    }
  }

  async #writeAnew(head: StoredHead): Promise<void> {
    const body = await this.read(head);
    const writer = body === null ? null : this.writer(head);
    if (body === null || writer === null) return;
    try {
      for await (const piece of body) await writer.write(piece);
      await writer.finish();
    } catch (error) {
      writer.abandon();
      this.#trouble.note(error);
    }
  }

  #removeSome(shard: string, files: readonly string[]): void {
    for (const file of files.slice(0, MOST_VARIANTS)) {
      const path = this.#folder.entry({ shard, file });
      void this.#orElse(undefined, () => removeFile(path));
    }
  }

  /** What the disk has, or `otherwise` where it fails. */
  async #orElse<Result>(
    otherwise: Result,
    work: () => Promise<Result>,
    late?: (result: Result) => void,
  ): Promise<Result> {
    if (this.#isClosed) return otherwise;
    try {
      return await this.#queue.run(work, late);
    } catch (error) {
      this.#trouble.note(error);
      return otherwise;
    }
  }
}

function isSameBody(found: StoredHead, wanted: StoredHead): boolean {
  return found.key === wanted.key && found.variant === wanted.variant && found.id === wanted.id;
}
