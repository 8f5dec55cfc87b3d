import type { HeaderList } from '../exchange/headers.ts';
import type { BodyConsumer, BodyFraming } from '../exchange/streams.ts';
import type { ProxyError } from '../shared/errors.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';

/** Takes one message body off a connection and hands its pieces to a consumer. */
export class BodyReader {
  readonly #consumer: BodyConsumer;
  readonly #decoder: ChunkedDecoder | null;
  #remaining: number;
  /** An 'until-close' body is whole when its connection ends in good order. */
  readonly endsWithConnection: boolean;

  /** `framing`: not 'none'. An 'until-close' body never ends by itself. */
  constructor(framing: BodyFraming, consumer: BodyConsumer) {
    this.#consumer = consumer;
    this.endsWithConnection = framing.kind === 'until-close';
    this.#decoder = framing.kind === 'chunked' ? new ChunkedDecoder() : null;
    this.#remaining = framing.kind === 'length' ? framing.bytes : Number.POSITIVE_INFINITY;
  }

  /**
   * Delivers what `chunk` holds of the body.
   * @returns the offset behind the body's end, or -1 when more is to come
   * @throws MalformedError
   */
  read(chunk: Buffer): number {
    if (this.#decoder !== null) return this.#decoder.decode(chunk, 0, this.#consumer);
    const take = Math.min(this.#remaining, chunk.length);
    this.#remaining -= take;
    if (take > 0) this.#consumer.onBodyData(take === chunk.length ? chunk : chunk.subarray(0, take));
    return this.#remaining === 0 ? take : -1;
  }

  get trailers(): HeaderList | null {
    return this.#decoder?.trailers ?? null;
  }

  pause(): void {
    this.#consumer.onBodyPause();
  }

  finish(): void {
    this.#consumer.onBodyEnd(this.trailers);
  }

  fail(error: ProxyError): void {
    this.#consumer.onBodyError(error);
  }
}
