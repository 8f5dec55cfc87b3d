import type { Socket } from 'node:net';
import type { FieldLine } from '../exchange/streams.ts';
import { FlowWindow } from './flow-window.ts';
import { DEFAULT_FRAME_BYTES, DEFAULT_WINDOW_BYTES } from './frame-types.ts';
import { FrameWriter } from './frame-writer.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import type { Http2Stream } from './stream.ts';

/** While more than this waits to leave, DATA stays with its stream. */
const MAX_BATCH_BYTES = 64 * 1024;

/** What leaves on one connection: the order of frames, the windows that the peer has given, and the turns of the streams. */
export class Outgoing {
  readonly frames: FrameWriter;
  readonly encoder = new HpackEncoder();
  readonly window = new FlowWindow(DEFAULT_WINDOW_BYTES);
  readonly #socket: Socket;
  /** Streams with data and window of their own, in the order of their turns. */
  readonly #waiting = new Set<Http2Stream>();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.frames = new FrameWriter(socket, () => this.takeTurns());
  }

  /** Bytes that have not left yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength + this.frames.length;
  }

  headers(stream: Http2Stream, fields: readonly FieldLine[], isEnd: boolean): void {
    this.frames.headers(stream.id, this.encoder.encode(fields), isEnd);
  }

  /** Sends DATA as far as windows and socket let it go at present. @returns how many bytes were taken */
  data(stream: Http2Stream, piece: Buffer, from: number): number {
    let at = from;
    while (at < piece.length && this.#hasRoom) {
      const bytes = Math.min(
        piece.length - at,
        DEFAULT_FRAME_BYTES,
        stream.sendWindow.bytes,
        this.window.bytes,
      );
      if (bytes <= 0) break;
      this.frames.data(stream.id, piece, at, at + bytes, false);
      stream.sendWindow.take(bytes);
      this.window.take(bytes);
      at += bytes;
      // The others get their turn.
      if (this.#waiting.size > 0) break;
    }
    return at - from;
  }

  /** The stream has data and window: its turn comes when socket and connection window allow. */
  waitForTurn(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** One frame for each stream in turn, for as long as there is room. */
  takeTurns(): void {
    while (this.window.bytes > 0 && this.#hasRoom) {
      const [stream] = this.#waiting;
      if (stream === undefined) return;
      this.#waiting.delete(stream);
      if (stream.sendQueued()) this.#waiting.add(stream);
      else if (!stream.hasQueued && !stream.isClosed) stream.events.onWritable();
    }
  }

  get #hasRoom(): boolean {
    return this.frames.length < MAX_BATCH_BYTES && !this.#socket.writableNeedDrain;
  }
}
