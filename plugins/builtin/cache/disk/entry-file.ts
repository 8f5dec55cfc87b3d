import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import {
  BLOCK_BYTES,
  blockAt,
  blockBytes,
  decodeStart,
  fileBytes,
  openBlock,
  readStartBytes,
  type DecodedStart,
} from './entry-format.ts';

/** What is read at first: the whole file of most small answers. */
const FIRST_READ_BYTES = 8 * 1024;

/** An open file of an entry, whose head is right and whose length is as the head says. Whoever has it closes it. */
export class EntryFile {
  readonly start: DecodedStart;
  readonly bytes: number;
  readonly usedAtMs: number;
  readonly #handle: FileHandle;
  /** The first bytes of the file. */
  readonly #read: Buffer;

  private constructor(
    handle: FileHandle,
    read: Buffer,
    start: DecodedStart,
    bytes: number,
    usedAtMs: number,
  ) {
    this.#handle = handle;
    this.#read = read;
    this.start = start;
    this.bytes = bytes;
    this.usedAtMs = usedAtMs;
  }

  /** null: it is torn, cut off, or no such file at all. @throws what the file system throws; ENOENT where it is not there. */
  static async open(path: string, access: 'read' | 'write' = 'read'): Promise<EntryFile | null> {
    const how = access === 'read' ? constants.O_RDONLY : constants.O_RDWR;
    const handle = await open(path, how | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    let file: EntryFile | null = null;
    try {
      file = await EntryFile.#examine(handle);
    } finally {
      if (file === null) await handle.close();
    }
    return file;
  }

  static async #examine(handle: FileHandle): Promise<EntryFile | null> {
    const stat = await handle.stat();
    if (!stat.isFile()) return null;
    let read = await readAt(handle, 0, Math.min(stat.size, FIRST_READ_BYTES));
    const needed = read === null ? null : readStartBytes(read);
    if (read === null || needed === null || needed > stat.size) return null;
    if (needed > read.length) read = await readAt(handle, 0, needed);
    const start = read === null ? null : decodeStart(read);
    if (read === null || start === null || stat.size !== fileBytes(start, start.head.length)) return null;
    return new EntryFile(handle, read, start, stat.size, stat.mtimeMs);
  }

  /** The content of a block; null: it is not what was written. */
  async block(index: number): Promise<Buffer | null> {
    const { head } = this.start;
    const at = blockAt(this.start, index);
    const bytes = blockBytes(head.length, index);
    const block =
      at + bytes <= this.#read.length
        ? this.#read.subarray(at, at + bytes)
        : await readAt(this.#handle, at, bytes);
    return block === null ? null : openBlock(head.id, index, block);
  }

  async write(at: number, bytes: Buffer): Promise<void> {
    await this.#handle.write(bytes, 0, bytes.length, at);
  }

  /** Says that it was used now. */
  async touch(): Promise<void> {
    const now = Date.now() / 1000;
    await this.#handle.utimes(now, now);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Of the block that holds this byte of the body. */
export function blockIndexOf(byte: number): number {
  return Math.floor(byte / BLOCK_BYTES);
}

/** null: there is less. */
async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer | null> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(buffer, read, length - read, at + read);
    if (bytesRead === 0) return null;
    read += bytesRead;
  }
  return buffer;
}
