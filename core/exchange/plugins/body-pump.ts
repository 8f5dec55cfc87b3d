import type { BodyStream } from '../../../plugins/contract/message.ts';
import { asBuffer, type BodySink } from './body-sink.ts';

/** Reads a plugin's stream at the pace of who takes it. */
export class BodyPump {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #sink: BodySink;
  readonly #onFailed: (error: unknown) => void;
  #isOver = false;
  #wake: (() => void) | null = null;

  constructor(stream: BodyStream, sink: BodySink, onFailed: (error: unknown) => void) {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#sink = sink;
    this.#onFailed = onFailed;
  }

  start(): void {
    this.#run().catch((error: unknown) => {
      if (this.#isOver) return;
      // It has failed by itself, or what came of it can not be sent: then it is not at its end.
      this.close();
      this.#onFailed(error);
    });
  }

  async #run(): Promise<void> {
    // What waits for its first piece has a head to show meanwhile.
    this.#sink.flush();
    for (;;) {
      const next = await this.#iterator.next();
      if (this.#isOver) return;
      if (next.done === true) {
        this.#isOver = true;
        this.#sink.end();
        return;
      }
      const piece = asBuffer(next.value);
      if (piece.length === 0) continue;
      if (this.#sink.write(piece)) this.#sink.flush();
      else await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#isOver) return;
    }
  }

  /** More may be written again. */
  resume(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** Nobody wants the rest. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    giveUp(this.#iterator);
    this.resume();
  }
}

/** Has the stream give back what it holds. */
export function giveUp(iterator: AsyncIterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => {});
  } catch {
    // Nobody asks what becomes of it.
  }
}
