/** The opcode of a close frame (RFC 6455 5.5.1). */
const CLOSE = 0x8;

/**
 * Follows one direction of a WebSocket by the headers of its frames (RFC 6455 5.2), wherever the
 * pieces that it comes in are cut: says when a frame has ended, which is where another one may be put in.
 * It looks at no payload, and judges nothing: what breaks the protocol is for the receiver to find.
 */
export class FrameFollower {
  /** Header bytes of the frame under way that were seen. */
  #seen = 0;
  #opcode = 0;
  #masked = false;
  /** Bytes of the extended length that are still to come. */
  #lengthBytes = 0;
  /** Bytes that are still to come behind the length: masking key and payload. */
  #rest = 0;
  #closed = false;

  /** Whether a whole close frame went by: what follows it is none of the protocol's business any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether no frame is under way. */
  get atBoundary(): boolean {
    return this.#seen === 0;
  }

  follow(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) at = this.#followFrame(piece, at);
  }

  /** Follows no further than to the end of the first frame that ends in `piece`. Returns how far that was. */
  followToBoundary(piece: Buffer): number {
    return this.#followFrame(piece, 0);
  }

  #followFrame(piece: Buffer, from: number): number {
    if (this.#closed) return piece.length;
    let at = from;
    if (this.#seen === 0) at = this.#readShortHeader(piece, at);
    while (!this.#headerRead && at < piece.length) this.#readHeader(piece[at++] ?? 0);
    if (!this.#headerRead) return at;
    const taken = Math.min(this.#rest, piece.length - at);
    this.#rest -= taken;
    if (this.#rest === 0) {
      this.#seen = 0;
      this.#closed = this.#opcode === CLOSE;
    }
    return at + taken;
  }

  /** Reads a header without extended length in one go where it is whole: most are, and a piece can hold thousands. */
  #readShortHeader(piece: Buffer, at: number): number {
    const byte = piece[at + 1] ?? 127;
    const length = byte & 0x7f;
    if (length >= 126) return at;
    this.#opcode = (piece[at] ?? 0) & 0x0f;
    this.#rest = byte >= 0x80 ? length + 4 : length;
    this.#seen = 2;
    return at + 2;
  }

  get #headerRead(): boolean {
    return this.#seen >= 2 && this.#lengthBytes === 0;
  }

  #readHeader(byte: number): void {
    this.#seen += 1;
    if (this.#seen === 1) this.#opcode = byte & 0x0f;
    else if (this.#seen === 2) {
      const length = byte & 0x7f;
      this.#masked = byte >= 0x80;
      this.#lengthBytes = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.#rest = this.#lengthBytes === 0 ? length : 0;
      if (this.#lengthBytes === 0 && this.#masked) this.#rest += 4;
    } else {
      // Beyond 2^53 this is not exact, which no connection lives long enough to notice.
      this.#rest = this.#rest * 256 + byte;
      this.#lengthBytes -= 1;
      if (this.#lengthBytes === 0 && this.#masked) this.#rest += 4;
    }
  }
}
