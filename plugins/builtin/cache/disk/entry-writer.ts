import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredHead, TierWriter } from '../stored-answer.ts';
import { removeFile, type CacheFolder } from './cache-folder.ts';
import type { DiskQueue } from './disk-queue.ts';
import { BLOCK_BYTES, blockAt, blockCrc, encodeStart, fileBytes, type Layout } from './entry-format.ts';
import { nameOf } from './entry-name.ts';
import { codeOf } from './trouble.ts';

/** What is held of a body that comes faster than the disk takes it: then who sends waits. */
const BLOCKS_HELD = 4;

export interface WriterSettings {
  readonly folder: CacheFolder;
  readonly queue: DiskQueue;
  readonly layout: Layout;
  /** What the names of its files in the folder of the unfinished begin with. */
  readonly owner: string;
  /** A body of more is given up. */
  readonly mostBytes: number;
  /** Called once. `bytes`: of the file; null: there is none. */
  ended(writer: EntryWriter, bytes: number | null): void;
  failed(error: unknown): void;
}

/** Writes an entry to a file of another name, and gives it its own when it is whole. A small body is written in one go. */
export class EntryWriter implements TierWriter {
  readonly head: StoredHead;
  readonly #settings: WriterSettings;
  readonly #path: string;
  #handle: FileHandle | null = null;
  /** The block that is being filled; it becomes what is known of the length, or 64 KiB. */
  #block: Buffer | null = null;
  #filled = 0;
  #blocks = 0;
  #length = 0;
  #held = 0;
  #work: Promise<void> = Promise.resolve();
  #hasEnded = false;

  constructor(head: StoredHead, settings: WriterSettings) {
    this.head = head;
    this.#settings = settings;
    this.#path = join(settings.folder.unfinished, `${settings.owner}.${randomUUID()}`);
  }

  write(piece: Uint8Array): void | Promise<void> {
    if (this.#hasEnded) return undefined;
    if (this.#length + piece.length > this.#settings.mostBytes) return this.abandon();
    let from = 0;
    while (from < piece.length) {
      this.#block ??= Buffer.allocUnsafeSlow(this.#nextBlockBytes());
      const part = piece.subarray(from, from + this.#block.length - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      this.#length += part.length;
      from += part.length;
      if (this.#filled === BLOCK_BYTES) this.#writeBlock();
      else if (this.#filled === this.#block.length) this.#growBlock();
    }
    return this.#held > BLOCKS_HELD ? this.#work : undefined;
  }

  async finish(): Promise<void> {
    if (this.head.length >= 0 && this.head.length !== this.#length) this.abandon();
    if (this.#hasEnded) return;
    this.#then(() => this.#complete());
    await this.#work;
  }

  abandon(): void {
    if (this.#hasEnded) return;
    this.#end(null);
    this.#work = this.#work.then(() => this.#clean());
  }

  /** When nothing of it is under way any more. */
  async settled(): Promise<void> {
    await this.#work;
  }

  #nextBlockBytes(): number {
    const left = this.head.length - this.#length;
    return left > 0 ? Math.min(left, BLOCK_BYTES) : BLOCK_BYTES;
  }

  // There came more than was said.
  #growBlock(): void {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#block?.copy(block);
    this.#block = block;
  }

  #writeBlock(): void {
    const parts = this.#takeBlock();
    const at = blockAt(this.#settings.layout, this.#blocks - 1);
    this.#held += 1;
    this.#then(async () => {
      await writeAll(await this.#file(), parts, at);
      this.#held -= 1;
    });
  }

  #takeBlock(): Buffer[] {
    if (this.#block === null || this.#filled === 0) return [];
    const content = this.#block.subarray(0, this.#filled);
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(blockCrc(this.head.id, this.#blocks, content));
    this.#block = null;
    this.#filled = 0;
    this.#blocks += 1;
    return [content, crc];
  }

  async #complete(): Promise<void> {
    const { layout, folder } = this.#settings;
    const at = blockAt(layout, this.#blocks);
    const last = this.#takeBlock();
    const start = encodeStart(layout, { ...this.head, length: this.#length });
    if (start === null) throw new Error('the head of an answer does not fit into its file');
    const file = await this.#file();
    if (at === start.length) await writeAll(file, [start, ...last], 0);
    else {
      if (last.length > 0) await writeAll(file, last, at);
      await writeAll(file, [start], 0);
    }
    this.#handle = null;
    await file.close();
    // Abandoned meanwhile: who did so cleans up.
    if (this.#hasEnded) return;
    const name = nameOf(this.head.key, this.head.variant);
    await putInPlace(this.#path, folder.shard(name.shard), folder.entry(name));
    this.#end(fileBytes(layout, this.#length));
  }

  async #file(): Promise<FileHandle> {
    if (this.#handle !== null) return this.#handle;
    const handle = await open(this.#path, 'wx', 0o600);
    this.#handle = handle;
    // The disk took so long that it was given up meanwhile.
    if (this.#hasEnded) await this.#clean();
    return handle;
  }

  /** After what was begun before; not at all if that failed. */
  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#hasEnded) return;
      try {
        await this.#settings.queue.run(step);
      } catch (error) {
        this.#settings.failed(error);
        this.abandon();
      }
    });
  }

  #end(bytes: number | null): void {
    this.#hasEnded = true;
    this.#block = null;
    this.#settings.ended(this, bytes);
  }

  async #clean(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {});
    await removeFile(this.#path).catch(() => {});
  }
}

/** @throws where the disk takes only a part of it. */
async function writeAll(file: FileHandle, parts: readonly Buffer[], at: number): Promise<void> {
  const { bytesWritten } = await file.writev([...parts], at);
  if (bytesWritten !== parts.reduce((sum, part) => sum + part.length, 0))
    throw new Error('no space left on the disk');
}

async function putInPlace(from: string, shard: string, path: string): Promise<void> {
  try {
    await rename(from, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    // The first entry there.
    await mkdir(shard, { mode: 0o700, recursive: true });
    await rename(from, path);
  }
}
