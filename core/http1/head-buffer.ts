const CRLF_CRLF = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;
const HTAB = 0x09;

/**
 * Collects a message head that arrives in pieces. The common case, a whole head in one piece,
 * copies nothing; pieces go into one buffer that doubles, so that a head sent byte by byte
 * costs no more than its size.
 */
export class HeadBuffer {
  #bytes: Buffer | null = null;
  #length = 0;

  /** Whether nothing is held. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a piece and returns all that is held. The view is valid until the next call. */
  add(piece: Buffer): Buffer {
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

  clear(): void {
    this.#bytes = null;
    this.#length = 0;
  }
}

/** Where the head ends: the index of its final CRLF CRLF at or after `from`, or -1. */
export function findHeadEnd(bytes: Buffer, from: number): number {
  return bytes.indexOf(CRLF_CRLF, from < 0 ? 0 : from);
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
