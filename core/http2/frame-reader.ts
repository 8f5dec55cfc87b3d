import { connectionError, ErrorCode } from './errors.ts';
import { Flag, FRAME_HEAD_BYTES, FrameType } from './frame-types.ts';

/** How many other frames make as much work as a HEADERS: it may be a request that is answered on the spot. */
export const HEADERS_WORTH = 32;

/** Takes the frames of one connection. Buffers are valid during the call only. May throw Http2Error. */
export interface FrameSink {
  /**
   * A part of a DATA frame's content.
   * @param flowBytes what it takes of the flow-control windows: padding counts (RFC 9113 6.1)
   * @param isLast of its frame: END_STREAM counts then
   */
  onData(streamId: number, part: Buffer, flowBytes: number, flags: number, isLast: boolean): void;
  /** Any other frame, whole; padding and priority are still in it. */
  onFrame(type: number, flags: number, streamId: number, payload: Buffer): void;
}

/** Cuts what is received into frames (RFC 9113 4.1). DATA is passed on as it arrives; of other frames no more than one is held. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxFrameBytes: number;
  readonly #portion: number;
  /** What is left of the portion. */
  #left: number;
  /** A head, or a frame other than DATA, that has come in part. */
  #held: Buffer | null = null;
  #heldLength = 0;
  /** Of the DATA frame under way: what is left of content and padding. */
  #content = 0;
  #padding = 0;
  #inData = false;
  /** Whether the byte that tells the length of the padding is still to come. */
  #expectsPadLength = false;
  #streamId = 0;
  #flags = 0;

  /**
   * @param maxFrameBytes what our SETTINGS_MAX_FRAME_SIZE says
   * @param portion how many frames are read until others get their turn; a HEADERS counts for HEADERS_WORTH
   */
  constructor(sink: FrameSink, maxFrameBytes: number, portion = Number.POSITIVE_INFINITY) {
    this.#sink = sink;
    this.#maxFrameBytes = maxFrameBytes;
    this.#portion = portion;
    this.#left = portion;
  }

  /** Whether a frame other than DATA has come in part. */
  get isMidFrame(): boolean {
    return this.#held !== null;
  }

  /**
   * @returns how much of `chunk` was read: less than all when a portion is full. The rest is to be received later.
   * @throws Http2Error of the connection, or what the sink throws; nothing may be received after one
   */
  receive(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left <= 0) {
        this.#left = this.#portion;
        break;
      }
      if (this.#inData) at = this.#readData(chunk, at);
      else if (this.#held !== null) at = this.#readHeld(this.#held, chunk, at);
      else at = this.#readFrame(chunk, at);
    }
    return at;
  }

  /** Reads a frame that begins at `at`. */
  #readFrame(chunk: Buffer, at: number): number {
    const left = chunk.length - at;
    if (left < FRAME_HEAD_BYTES) return this.#hold(chunk, at, FRAME_HEAD_BYTES);
    const length = chunk.readUIntBE(at, 3);
    this.#checkLength(length);
    const type = chunk[at + 3] ?? 0;
    if (type === FrameType.Data) {
      this.#beginData(chunk, at, length);
      return at + FRAME_HEAD_BYTES;
    }
    const end = at + FRAME_HEAD_BYTES + length;
    if (end > chunk.length) return this.#hold(chunk, at, FRAME_HEAD_BYTES + length);
    this.#deliver(chunk, at, end);
    return end;
  }

  /** Goes on with the frame of which a part is held. */
  #readHeld(held: Buffer, chunk: Buffer, at: number): number {
    const wanted =
      this.#heldLength < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : FRAME_HEAD_BYTES + held.readUIntBE(0, 3);
    const copied = chunk.copy(held, this.#heldLength, at, at + wanted - this.#heldLength);
    this.#heldLength += copied;
    const next = at + copied;
    if (this.#heldLength < FRAME_HEAD_BYTES) return next;
    const length = held.readUIntBE(0, 3);
    if (wanted === FRAME_HEAD_BYTES) this.#checkLength(length);
    if (held[3] === FrameType.Data) {
      this.#held = null;
      this.#beginData(held, 0, length);
      return next;
    }
    const whole = FRAME_HEAD_BYTES + length;
    if (this.#heldLength === whole) {
      this.#held = null;
      this.#deliver(held, 0, whole);
    } else if (held.length < whole) {
      this.#held = Buffer.allocUnsafe(whole);
      held.copy(this.#held, 0, 0, this.#heldLength);
    }
    return next;
  }

  /** Keeps the rest of the chunk, with room for `wanted` bytes. */
  #hold(chunk: Buffer, at: number, wanted: number): number {
    this.#held = Buffer.allocUnsafe(wanted);
    this.#heldLength = chunk.copy(this.#held, 0, at);
    return chunk.length;
  }

  #checkLength(length: number): void {
    if (length > this.#maxFrameBytes) {
      throw connectionError(
        ErrorCode.FrameSizeError,
        `a frame of ${length} bytes, more than ${this.#maxFrameBytes}`,
      );
    }
  }

  #deliver(bytes: Buffer, at: number, end: number): void {
    this.#left -= bytes[at + 3] === FrameType.Headers ? HEADERS_WORTH : 1;
    this.#sink.onFrame(
      bytes[at + 3] ?? 0,
      bytes[at + 4] ?? 0,
      // RFC 9113 4.1: the first bit is reserved, and ignored.
      bytes.readUInt32BE(at + 5) & 0x7fffffff,
      bytes.subarray(at + FRAME_HEAD_BYTES, end),
    );
  }

  #beginData(bytes: Buffer, at: number, length: number): void {
    this.#left -= 1;
    this.#flags = bytes[at + 4] ?? 0;
    this.#streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    if (this.#streamId === 0) throw connectionError(ErrorCode.ProtocolError, 'DATA of no stream');
    this.#content = length;
    this.#padding = 0;
    this.#expectsPadLength = (this.#flags & Flag.Padded) !== 0;
    if (this.#expectsPadLength && length === 0)
      throw connectionError(ErrorCode.FrameSizeError, 'padded DATA without the length of its padding');
    this.#inData = length > 0;
    if (length === 0) this.#sink.onData(this.#streamId, EMPTY, 0, this.#flags, true);
  }

  #readData(chunk: Buffer, from: number): number {
    let at = from;
    let flowBytes = 0;
    if (this.#expectsPadLength) {
      this.#expectsPadLength = false;
      this.#padding = chunk[at] ?? 0;
      at += 1;
      flowBytes += 1;
      this.#content -= 1;
      if (this.#padding > this.#content)
        throw connectionError(ErrorCode.ProtocolError, 'DATA with more padding than it holds');
      this.#content -= this.#padding;
    }
    const part = chunk.subarray(at, at + this.#content);
    this.#content -= part.length;
    at += part.length;
    const padding = Math.min(this.#padding, this.#content === 0 ? chunk.length - at : 0);
    this.#padding -= padding;
    at += padding;
    flowBytes += part.length + padding;
    this.#inData = this.#content > 0 || this.#padding > 0;
    this.#sink.onData(this.#streamId, part, flowBytes, this.#flags, !this.#inData);
    return at;
  }
}

const EMPTY = Buffer.alloc(0);
