import type { HeaderList } from '../exchange/headers.ts';
import type { BackendStream, BodyConsumer, ClientStream } from '../exchange/streams.ts';
import { HeldPieces } from '../http2/held-pieces.ts';
import type { ProxyError } from '../shared/errors.ts';

/** What one worker keeps of bodies, of all requests together; beyond that nothing more is kept. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

let keptInAll = 0;

/** Bytes that this worker keeps of request bodies. */
export function keptBodyBytes(): number {
  return keptInAll;
}

/** Who takes a body. */
type BodyTaker = Pick<BackendStream, 'sendData' | 'sendEnd' | 'flush'>;

/** The request path's side of a body. */
export interface RequestBodyOwner {
  /** The client, or what stands between it and here. */
  readonly source: Pick<ClientStream, 'readBody' | 'pauseBody' | 'resumeBody'>;
  /** How much of it is to be kept for another attempt that may follow one over this connection. */
  bytesToKeep(stream: BackendStream): number;
  /** @returns false when the body is too large and the attempt is over */
  onRequestData(bytes: number): boolean;
  /** The client failed in mid-body. */
  onRequestFailed(error: ProxyError): void;
}

/**
 * The body of one request on its way to the backend, and to the next one if the first fails: it is kept for as long as
 * that may happen, unless there is too much of it.
 */
export class RequestBody implements BodyConsumer {
  readonly #owner: RequestBodyOwner;
  readonly #before: RequestBody | null;
  /** null: an attempt is about to begin. */
  #stream: BodyTaker | null = null;
  #isBegun = false;
  /** All that came so far; null: some of it is gone, or nobody will want it again. */
  #kept: HeldPieces | null = null;
  /** As counted in `keptInAll`. */
  #keptBytes = 0;
  #limit = 0;
  #ended = false;
  #trailers: HeaderList | null = null;
  #isUnwanted = false;
  /** Whether transforms behind it have asked to wait. */
  #isHeldBack = false;

  /** `before`: the body that this one comes of by transforms; null: it comes of none that is kept. */
  constructor(owner: RequestBodyOwner, before: RequestBody | null) {
    this.#owner = owner;
    this.#before = before;
  }

  /** Whether it can still be sent from its first byte on. */
  get isWhole(): boolean {
    return !this.#isBegun || this.#kept !== null;
  }

  /** Sends it to this backend, from its first byte on. */
  sendTo(stream: BackendStream): void {
    this.#passTo(stream, this.#owner.bytesToKeep(stream));
  }

  /** Sends it through transforms, from its first byte on; what comes out is another body. */
  readBody(consumer: BodyConsumer): void {
    const taker: BodyTaker = {
      sendData: (piece) => {
        consumer.onBodyData(piece);
        return !this.#isHeldBack;
      },
      sendEnd: (trailers) => consumer.onBodyEnd(trailers),
      flush: () => consumer.onBodyPause(),
    };
    this.#passTo(taker, 0);
  }

  #passTo(taker: BodyTaker, bytesToKeep: number): void {
    this.#stream = taker;
    this.#limit = bytesToKeep;
    if (this.#isBegun) return this.#repeat(taker);
    this.#isBegun = true;
    if (this.#limit > 0) this.#kept = new HeldPieces();
    this.#owner.source.readBody(this);
  }

  #repeat(taker: BodyTaker): void {
    const pieces = this.#kept?.takeAll() ?? [];
    if (this.#limit === 0) this.forget();
    let isTaken = true;
    for (const piece of pieces) {
      this.#kept?.add(piece);
      isTaken = taker.sendData(piece);
    }
    if (this.#ended) return taker.sendEnd(this.#trailers);
    // The client has paused long ago.
    taker.flush();
    if (isTaken) this.#owner.source.resumeBody();
    else this.#owner.source.pauseBody();
  }

  pauseBody(): void {
    this.#isHeldBack = true;
    this.#owner.source.pauseBody();
  }

  /** Whoever takes it takes more again. */
  resumeBody(): void {
    this.#isHeldBack = false;
    this.#owner.source.resumeBody();
  }

  /** Another attempt is about to begin, which `sendTo` follows. */
  waitForAttempt(): void {
    this.#stream = null;
  }

  /** There will be no other attempt. */
  forget(): void {
    keptInAll -= this.#keptBytes;
    this.#keptBytes = 0;
    this.#kept = null;
    this.#before?.forget();
  }

  /** There is no attempt any more: what still comes is thrown away. */
  drop(): void {
    this.#isUnwanted = true;
    this.forget();
  }

  onBodyData(piece: Buffer): void {
    if (this.#isUnwanted || !this.#owner.onRequestData(piece.length)) return;
    this.#keep(piece);
    const stream = this.#stream;
    if (stream === null) return this.#owner.source.pauseBody();
    if (this.#keptBytes > this.#limit || keptInAll > MAX_KEPT_BYTES) this.forget();
    if (!stream.sendData(piece)) this.#owner.source.pauseBody();
  }

  #keep(piece: Buffer): void {
    if (this.#kept === null) return;
    this.#kept.add(piece);
    this.#keptBytes += piece.length;
    keptInAll += piece.length;
  }

  onBodyPause(): void {
    this.#stream?.flush();
  }

  onBodyEnd(trailers: HeaderList | null): void {
    this.#ended = true;
    this.#trailers = trailers;
    if (!this.#isUnwanted) this.#stream?.sendEnd(trailers);
  }

  onBodyError(error: ProxyError): void {
    this.#owner.onRequestFailed(error);
  }
}
