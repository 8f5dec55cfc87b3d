import { FlowWindow } from './flow-window.ts';
import { DEFAULT_WINDOW_BYTES } from './frame-types.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { Http2Stream } from './stream.ts';

/**
 * What the peer may send on one connection. It gets new window for what was used up, half a window at a time:
 * what is held for slow readers is thereby bounded by the connection's window, however many streams there are.
 */
export class IncomingWindow {
  readonly streamBytes: number;
  readonly #bytes: number;
  readonly #frames: FrameWriter;
  readonly #window: FlowWindow;
  #owed = 0;

  constructor(frames: FrameWriter, streamBytes: number, connectionBytes: number) {
    this.#frames = frames;
    this.streamBytes = streamBytes;
    // RFC 9113 6.9.2: a connection's window begins with so much, and can not be made smaller.
    this.#bytes = Math.max(connectionBytes, DEFAULT_WINDOW_BYTES);
    this.#window = new FlowWindow(this.#bytes);
  }

  /** Tells the peer what it has besides what every connection begins with. */
  announce(): void {
    const more = this.#bytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.#frames.windowUpdate(0, more);
  }

  /** @returns false when the peer sends more than it may */
  take(bytes: number): boolean {
    return this.#window.take(bytes);
  }

  /** So many bytes are used up. `stream`: null for one that is over. */
  give(stream: Http2Stream | null, bytes: number): void {
    this.#owed += bytes;
    if (this.#owed * 2 >= this.#bytes) {
      this.#frames.windowUpdate(0, this.#owed);
      this.#window.grow(this.#owed);
      this.#owed = 0;
    }
    if (stream === null || stream.isClosed) return;
    stream.owedWindow += bytes;
    if (stream.remoteEnded || stream.owedWindow * 2 < this.streamBytes) return;
    this.#frames.windowUpdate(stream.id, stream.owedWindow);
    stream.receiveWindow.grow(stream.owedWindow);
    stream.owedWindow = 0;
  }
}
