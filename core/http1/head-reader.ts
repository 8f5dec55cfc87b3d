import { copyOf } from '../shared/read-buffers.ts';

const CRLF_CRLF = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;
const HTAB = 0x09;

/** `hopeless`: unfinished, and it can not become valid any more. */
export type HeadState = 'unfinished' | 'whole' | 'too-large' | 'hopeless';

/**
 * Finds the end of a message head that arrives in pieces. The common case, a whole head in one piece,
 * copies nothing: `whole` is to be followed by `clear` before the caller gives the piece up. Pieces of an
 * unfinished head are copied into one buffer that doubles, so that a head sent byte by byte costs no more than its size.
 */
export class HeadReader {
  #bytes: Buffer | null = null;
  #length = 0;
  #end = -1;

  /** Whether nothing is held. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /**
   * Adds a piece of one byte or more.
   * @param maxBytes of the head without the empty line at its end
   */
  read(piece: Buffer, maxBytes: number): HeadState {
    const searchFrom = Math.max(0, this.#length - 3);
    const bytes = this.#add(piece);
    this.#end = findHeadEnd(bytes, searchFrom);
    // The last three bytes may be part of the empty line, which does not count, wherever the head is cut.
    const size = this.#end === -1 ? bytes.length - 3 : this.#end;
    if (size > maxBytes) return 'too-large';
    if (this.#end !== -1) return 'whole';
    if (isHopeless(bytes, searchFrom)) return 'hopeless';
    if (this.#bytes === piece) this.#bytes = copyOf(piece);
    return 'unfinished';
  }

  /** Whether all that is held is a CR, and `piece` makes an empty line of it. */
  isEmptyLineWith(piece: Buffer): boolean {
    return this.#length === 1 && this.#bytes?.[0] === CR && piece[0] === LF;
  }

  /** A whole head in latin1, without its final CRLF CRLF. */
  get text(): string {
    return this.#bytes?.toString('latin1', 0, this.#end) ?? '';
  }

  /** What came behind a whole head, or null for nothing: a view of the last piece, or of the buffer that the pieces were copied to. */
  get rest(): Buffer | null {
    const start = this.#end + CRLF_CRLF.length;
    return start < this.#length ? (this.#bytes?.subarray(start, this.#length) ?? null) : null;
  }

  /** Where the first line ends, or -1 while its end has not come. */
  get firstLineEnd(): number {
    return this.#bytes?.subarray(0, this.#length).indexOf('\r\n') ?? -1;
  }

  clear(): void {
    this.#bytes = null;
    this.#length = 0;
  }

  /** Returns all that is held; the view is valid until the next piece. */
  #add(piece: Buffer): Buffer {
    if (this.#bytes === null) {
      this.#bytes = piece;
      this.#length = piece.length;
      return piece;
    }
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2, 512));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
    return this.#bytes.subarray(0, length);
  }
}

/** Where the head ends: the index of its final CRLF CRLF at or after `from`, or -1. */
export function findHeadEnd(bytes: Buffer, from: number): number {
  return bytes.indexOf(CRLF_CRLF, from);
}

/**
 * Whether an unfinished head can not become a valid one any more: a bare LF, a CR before
 * something else, or another control character (also the first byte of a TLS handshake).
 * So it is refused at once, not after a timeout.
 */
export function isHopeless(bytes: Buffer, from: number): boolean {
  for (let i = from; i < bytes.length; i++) {
    const code = bytes[i] ?? 0;
    if (code >= 0x20 && code !== 0x7f) continue;
    if (
      code === CR
        ? i + 1 < bytes.length && bytes[i + 1] !== LF
        : code === LF
          ? bytes[i - 1] !== CR
          : code !== HTAB
    )
      return true;
  }
  return false;
}
