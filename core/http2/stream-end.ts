import type { TunnelEnd, TunnelEvents } from '../exchange/streams.ts';
import { ErrorCode, streamError } from './errors.ts';
import type { HeaderBlock } from './header-block.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

/** One stream as the end of a tunnel (RFC 8441 5). It holds what comes until `open`. */
export class StreamEnd implements TunnelEnd, StreamEvents {
  readonly readAhead = null;
  readonly #stream: Http2Stream;
  #events: TunnelEvents | null = null;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
  }

  // --- the tunnel's calls --------------------------------------------------------------------

  open(events: TunnelEvents): void {
    this.#events = events;
    this.#stream.events = this;
    this.#stream.resume();
  }

  write(piece: Buffer): boolean {
    return this.#stream.sendData(piece);
  }

  end(): void {
    this.#stream.sendEnd(null);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  destroySoon(): void {
    this.#stream.dropBody();
    this.#stream.sendEnd(null);
  }

  destroy(): void {
    if (this.#stream.isClosed) return;
    this.#stream.reset(ErrorCode.Cancel);
    this.#close(false);
  }

  // --- the stream's events -------------------------------------------------------------------

  /** RFC 8441 knows no headers but the first; trailers of a tunnel end it like DATA does. */
  onHeaders(_block: HeaderBlock, isEnd: boolean): void {
    if (!isEnd) throw streamError(ErrorCode.ProtocolError, 'HEADERS in a tunnel');
    this.#stream.endReceiving(null);
  }

  onData(piece: Buffer): void {
    this.#events?.onData(piece);
  }

  onEnd(): void {
    this.#events?.onEnd();
  }

  onReadPause(): void {}

  onWritable(): void {
    this.#events?.onWritable();
  }

  onDone(): void {
    this.#close(false);
  }

  onReset(): void {
    this.#close(true);
  }

  /** A socket's 'close' comes in a step of its own, too. */
  #close(failed: boolean): void {
    const events = this.#events;
    this.#events = null;
    if (events !== null) process.nextTick(() => events.onClose(failed));
  }
}
