import type { BodyTransform, PluginAnswer } from '../../api.ts';
import { textAnswer } from '../../api.ts';
import type { CodingName } from '../accept-encoding.ts';
import { CodecLine } from './codec-line.ts';
import { createDecoder } from './codecs.ts';
import type { Decompression } from './options.ts';

type Push = (piece: Uint8Array) => void;

/** Few bytes may grow to this much whatever the ratio: what is small is no bomb. */
const FREE_BYTES = 1024 * 1024;

class TooLarge extends Error {}

/** Unpacks a request's body as far as it may grow. What is wrong with it is the client's doing, and answered, not thrown. */
export class Decompressing implements BodyTransform {
  readonly #coding: CodingName | 'deflate';
  readonly #limits: Decompression;
  readonly #refuse: (answer: PluginAnswer) => void;
  #line: CodecLine | null = null;
  #bytesIn = 0;
  #bytesOut = 0;
  #isRefused = false;

  constructor(coding: CodingName | 'deflate', limits: Decompression, refuse: (answer: PluginAnswer) => void) {
    this.#coding = coding;
    this.#limits = limits;
    this.#refuse = refuse;
  }

  async data(piece: Uint8Array, push: Push): Promise<void> {
    if (this.#isRefused) return;
    const line = (this.#line ??= new CodecLine(createDecoder(this.#coding, piece[0] ?? 0)));
    this.#bytesIn += piece.length;
    await this.#guarded(line.write(Buffer.from(piece), this.#limited(piece.length, push)));
  }

  async end(push: Push): Promise<void> {
    if (this.#isRefused || this.#line === null) return;
    await this.#guarded(this.#line.end(Buffer.alloc(0), this.#limited(0, push)));
  }

  close(): void {
    this.#line?.close();
  }

  /**
   * Counts in all and of this call: what comes of one piece is handed on before anybody can say that it is too much, so a piece
   * may not make use of what those before it have left.
   */
  #limited(pieceBytes: number, push: Push): Push {
    const { maxBytes, maxRatio } = this.#limits;
    const mostOfPiece = FREE_BYTES + pieceBytes * maxRatio;
    let ofPiece = 0;
    return (unpacked) => {
      this.#bytesOut += unpacked.length;
      ofPiece += unpacked.length;
      if (this.#bytesOut > maxBytes) throw new TooLarge(`more than ${maxBytes} bytes`);
      if (ofPiece > mostOfPiece || this.#bytesOut > FREE_BYTES + this.#bytesIn * maxRatio)
        throw new TooLarge(`more than ${maxRatio} times what was sent`);
      push(unpacked);
    };
  }

  async #guarded(done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      this.#isRefused = true;
      this.#refuse(
        error instanceof TooLarge
          ? textAnswer(413, `The body unpacks to ${error.message}\n`)
          : textAnswer(400, `The body is no ${this.#coding}\n`),
      );
    }
  }
}
