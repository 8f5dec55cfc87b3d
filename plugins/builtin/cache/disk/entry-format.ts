import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { StoredHead } from '../stored-answer.ts';
import { parseHead } from './stored-head-json.ts';

/**
 * A file of the disk tier:
 *
 *     preamble   "tgcache1" · bytes of a slot (4) · CRC-32 of these (4)
 *     slot 0     number (4) · bytes of the JSON (4) · the first 16 of SHA-256 of these and the JSON · JSON of the head · zeros
 *     slot 1     the same; all zeros in a new file
 *     blocks     64 KiB of the body (the last one: the rest) · CRC-32 of it (4)
 *
 * Integers are big-endian. Of the slots that are whole the one with the higher number counts: an update writes the other
 * one, so that a head that is half written leaves the one before. A block's CRC begins with the body's id and its place:
 * one of another file, or from elsewhere in this one, does not fit.
 */
const MAGIC = Buffer.from('tgcache1', 'latin1');
const PREAMBLE_BYTES = 16;
const SLOT_HEAD_BYTES = 24;
const CRC_BYTES = 4;
/** What a head may grow by an update without the file being written anew: a quarter and this. */
const SPARE_BYTES = 256;
/** A head of more is not kept. */
const MAX_SLOT_BYTES = 512 * 1024;
export const BLOCK_BYTES = 64 * 1024;

/** Where things lie in a file. */
export interface Layout {
  readonly slotBytes: number;
}

export interface DecodedStart extends Layout {
  readonly head: StoredHead;
  /** The slot that holds it. */
  readonly slot: 0 | 1;
  readonly number: number;
}

/** null: too large a head. `length` is not known yet, and has room in it. */
export function layoutFor(head: StoredHead): Layout | null {
  const bytes = SLOT_HEAD_BYTES + Buffer.byteLength(JSON.stringify(head));
  const slotBytes = Math.ceil(bytes * 1.25) + SPARE_BYTES;
  return slotBytes > MAX_SLOT_BYTES ? null : { slotBytes };
}

/** Bytes in front of the body. */
function startBytes({ slotBytes }: Layout): number {
  return PREAMBLE_BYTES + 2 * slotBytes;
}

export function fileBytes(layout: Layout, length: number): number {
  return startBytes(layout) + length + CRC_BYTES * Math.ceil(length / BLOCK_BYTES);
}

export function blockAt(layout: Layout, index: number): number {
  return startBytes(layout) + index * (BLOCK_BYTES + CRC_BYTES);
}

/** Bytes of a block in the file, for a body of `length`. */
export function blockBytes(length: number, index: number): number {
  return Math.min(BLOCK_BYTES, length - index * BLOCK_BYTES) + CRC_BYTES;
}

/** All in front of the body of a new file; null: the head does not fit after all. */
export function encodeStart(layout: Layout, head: StoredHead): Buffer | null {
  const slot = encodeSlot(layout, head, 1);
  if (slot === null) return null;
  const start = Buffer.alloc(startBytes(layout));
  MAGIC.copy(start);
  start.writeUInt32BE(layout.slotBytes, 8);
  start.writeUInt32BE(crc32(start.subarray(0, 12)), 12);
  slot.copy(start, PREAMBLE_BYTES);
  return start;
}

/** For the slot that does not count now; null: the head does not fit. */
export function encodeUpdate(
  { slotBytes, slot, number }: DecodedStart,
  head: StoredHead,
): { readonly at: number; readonly bytes: Buffer } | null {
  const bytes = encodeSlot({ slotBytes }, head, number + 1);
  return bytes === null ? null : { at: PREAMBLE_BYTES + (slot === 0 ? slotBytes : 0), bytes };
}

/** How many bytes in front of the body a file says that it has; null: it is no such file. */
export function readStartBytes(file: Buffer): number | null {
  if (file.length < PREAMBLE_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (crc32(file.subarray(0, 12)) !== file.readUInt32BE(12)) return null;
  const slotBytes = file.readUInt32BE(8);
  return slotBytes > MAX_SLOT_BYTES || slotBytes < SLOT_HEAD_BYTES ? null : startBytes({ slotBytes });
}

/** null: no whole head. */
export function decodeStart(start: Buffer): DecodedStart | null {
  const bytes = readStartBytes(start);
  if (bytes === null || start.length < bytes) return null;
  const slotBytes = (bytes - PREAMBLE_BYTES) / 2;
  const slots = [readSlot(start, slotBytes, 0), readSlot(start, slotBytes, 1)]
    .filter((slot) => slot !== null)
    .toSorted((a, b) => b.number - a.number);
  const newest = slots[0];
  if (newest === undefined) return null;
  const head = parseHead(newest.json);
  return head === null ? null : { slotBytes, slot: newest.slot, number: newest.number, head };
}

export function blockCrc(id: string, index: number, content: Uint8Array): number {
  return crc32(content, crc32(`${id}\n${index}`));
}

/** The content of a block as it lies in the file; null: it is not what was written. */
export function openBlock(id: string, index: number, block: Buffer): Buffer | null {
  const content = block.subarray(0, block.length - CRC_BYTES);
  return blockCrc(id, index, content) === block.readUInt32BE(content.length) ? content : null;
}

function encodeSlot({ slotBytes }: Layout, head: StoredHead, number: number): Buffer | null {
  const json = Buffer.from(JSON.stringify(head));
  if (SLOT_HEAD_BYTES + json.length > slotBytes) return null;
  const slot = Buffer.alloc(SLOT_HEAD_BYTES + json.length);
  slot.writeUInt32BE(number, 0);
  slot.writeUInt32BE(json.length, 4);
  json.copy(slot, SLOT_HEAD_BYTES);
  slotDigest(slot).copy(slot, 8);
  return slot;
}

function readSlot(
  start: Buffer,
  slotBytes: number,
  slot: 0 | 1,
): { readonly slot: 0 | 1; readonly number: number; readonly json: string } | null {
  const at = PREAMBLE_BYTES + slot * slotBytes;
  const number = start.readUInt32BE(at);
  const jsonBytes = start.readUInt32BE(at + 4);
  if (number === 0 || jsonBytes > slotBytes - SLOT_HEAD_BYTES) return null;
  const bytes = start.subarray(at, at + SLOT_HEAD_BYTES + jsonBytes);
  if (!slotDigest(bytes).equals(bytes.subarray(8, SLOT_HEAD_BYTES))) return null;
  return { slot, number, json: bytes.toString('utf8', SLOT_HEAD_BYTES) };
}

function slotDigest(slot: Buffer): Buffer {
  const parts = Buffer.concat([slot.subarray(0, 8), slot.subarray(SLOT_HEAD_BYTES)]);
  return hash('sha256', parts, 'buffer').subarray(0, 16);
}
