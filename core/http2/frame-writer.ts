import type { Socket } from 'node:net';
import { messageBuffer } from '../shared/read-buffers.ts';
import { writeAtEndOfTurn, type Writer } from '../shared/turn.ts';
import { DEFAULT_FRAME_BYTES, Flag, FRAME_HEAD_BYTES, FrameType } from './frame-types.ts';

/** A setting as it is sent: identifier (RFC 9113 6.5.2) and value. */
export type Setting = readonly [id: number, value: number];

/** Where a batch begins; most answers with a small body fit. */
const FIRST_BYTES = 2048;

/** Gathers the frames of one connection, which leave in one write at the end of each turn of the event loop. */
export class FrameWriter implements Writer {
  readonly #socket: Socket;
  readonly #onRoom: () => void;
  #bytes: Buffer | null = null;
  #length = 0;
  #waitsForEndOfTurn = false;
  #messageFrames = 0;
  /** The last frame of the batch, if it is a DATA or HEADERS that can still be made the end of its stream. */
  #lastStream = 0;
  #lastFlagsAt = 0;

  /** `onRoom`: called when a batch has left and the socket takes more; where it does not, its 'drain' follows. */
  constructor(socket: Socket, onRoom: () => void) {
    this.#socket = socket;
    this.#onRoom = onRoom;
  }

  /** Bytes that wait for the end of the turn. */
  get length(): number {
    return this.#length;
  }

  /** How many HEADERS and DATA were ever written. */
  get messageFrames(): number {
    return this.#messageFrames;
  }

  /** The client's connection preface. */
  preface(text: string): void {
    const at = this.#reserve(text.length);
    this.#batch().write(text, at, 'latin1');
  }

  /** HEADERS, and CONTINUATION for what does not fit: no frame is larger than every peer takes. */
  headers(streamId: number, block: Buffer, isEnd: boolean): void {
    this.#messageFrames += 1;
    let from = 0;
    let type: number = FrameType.Headers;
    let flags = isEnd ? Flag.EndStream : 0;
    let flagsAt = 0;
    do {
      const to = Math.min(from + DEFAULT_FRAME_BYTES, block.length);
      const at = this.#frame(
        type,
        to === block.length ? flags | Flag.EndHeaders : flags,
        streamId,
        to - from,
      );
      block.copy(this.#batch(), at, from, to);
      if (type === FrameType.Headers) flagsAt = at - 5;
      type = FrameType.Continuation;
      flags = 0;
      from = to;
    } while (from < block.length);
    this.#lastStream = isEnd ? 0 : streamId;
    this.#lastFlagsAt = flagsAt;
  }

  /** One DATA frame, a copy of this part of `piece`. */
  data(streamId: number, piece: Buffer, from: number, to: number, isEnd: boolean): void {
    this.#messageFrames += 1;
    const at = this.#frame(FrameType.Data, isEnd ? Flag.EndStream : 0, streamId, to - from);
    piece.copy(this.#batch(), at, from, to);
    this.#lastStream = isEnd ? 0 : streamId;
    this.#lastFlagsAt = at - 5;
  }

  /** Ends a stream whose last frame may have been DATA, or HEADERS: with that one if it has not left yet. */
  end(streamId: number): void {
    if (this.#lastStream === streamId) {
      const bytes = this.#batch();
      bytes[this.#lastFlagsAt] = (bytes[this.#lastFlagsAt] ?? 0) | Flag.EndStream;
      this.#lastStream = 0;
    } else this.#frame(FrameType.Data, Flag.EndStream, streamId, 0);
  }

  settings(settings: readonly Setting[]): void {
    let at = this.#frame(FrameType.Settings, 0, 0, settings.length * 6);
    for (const [id, value] of settings) {
      this.#batch().writeUInt16BE(id, at);
      this.#batch().writeUInt32BE(value, at + 2);
      at += 6;
    }
  }

  settingsAck(): void {
    this.#frame(FrameType.Settings, Flag.Ack, 0, 0);
  }

  /** `payload`: eight bytes. */
  ping(payload: Buffer, isAnswer: boolean): void {
    const at = this.#frame(FrameType.Ping, isAnswer ? Flag.Ack : 0, 0, 8);
    payload.copy(this.#batch(), at, 0, 8);
  }

  goAway(lastStreamId: number, code: number, debug: string): void {
    const at = this.#frame(FrameType.GoAway, 0, 0, 8 + debug.length);
    this.#batch().writeUInt32BE(lastStreamId, at);
    this.#batch().writeUInt32BE(code, at + 4);
    this.#batch().write(debug, at + 8, 'latin1');
  }

  windowUpdate(streamId: number, bytes: number): void {
    const at = this.#frame(FrameType.WindowUpdate, 0, streamId, 4);
    this.#batch().writeUInt32BE(bytes, at);
  }

  rstStream(streamId: number, code: number): void {
    const at = this.#frame(FrameType.RstStream, 0, streamId, 4);
    this.#batch().writeUInt32BE(code, at);
  }

  writeHeld(): void {
    this.#waitsForEndOfTurn = false;
    const bytes = this.#bytes;
    if (bytes === null) return;
    const length = this.#length;
    this.#bytes = null;
    this.#length = 0;
    this.#lastStream = 0;
    if (this.#socket.destroyed || !this.#socket.writable) return;
    if (this.#socket.write(bytes.subarray(0, length))) this.#onRoom();
  }

  /** Appends a frame's head and leaves room for its payload. @returns where the payload begins */
  #frame(type: number, flags: number, streamId: number, payloadBytes: number): number {
    const at = this.#reserve(FRAME_HEAD_BYTES + payloadBytes);
    const bytes = this.#batch();
    bytes[at] = payloadBytes >>> 16;
    bytes[at + 1] = payloadBytes >>> 8;
    bytes[at + 2] = payloadBytes;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = streamId >>> 24;
    bytes[at + 6] = streamId >>> 16;
    bytes[at + 7] = streamId >>> 8;
    bytes[at + 8] = streamId;
    this.#lastStream = 0;
    return at + FRAME_HEAD_BYTES;
  }

  #batch(): Buffer {
    return (this.#bytes ??= messageBuffer(FIRST_BYTES));
  }

  /** @returns where the reserved bytes begin */
  #reserve(bytes: number): number {
    const at = this.#length;
    const needed = at + bytes;
    const batch = this.#bytes;
    if (batch === null) this.#bytes = messageBuffer(Math.max(needed, FIRST_BYTES));
    else if (batch.length < needed) {
      const grown = messageBuffer(Math.max(needed, batch.length * 2));
      batch.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#length = needed;
    if (!this.#waitsForEndOfTurn) {
      this.#waitsForEndOfTurn = true;
      writeAtEndOfTurn(this);
    }
    return at;
  }
}
