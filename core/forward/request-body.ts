import type { HeaderList } from '../exchange/headers.ts';
import type { BackendStream, BodyConsumer, ClientStream } from '../exchange/streams.ts';
import { HeldPieces } from '../http2/held-pieces.ts';
import type { ProxyError } from '../shared/errors.ts';

/** So much of a body is kept for another attempt: more than most messages of gRPC and JSON have. */
const MAX_KEPT_BYTES = 16 * 1024;

/** The request path's side of a body. */
export interface RequestBodyOwner {
  readonly client: ClientStream;
  /** @returns false when the body is too large and the attempt is over */
  onRequestData(bytes: number): boolean;
  /** The client failed in mid-body. */
  onRequestFailed(error: ProxyError): void;
}

/**
 * The body of one request on its way to the backend, and to the next one if the first has refused it unread: its beginning is
 * kept for as long as that may happen.
 */
export class RequestBody implements BodyConsumer {
  readonly #owner: RequestBodyOwner;
  /** null: an attempt is about to begin. */
  #stream: BackendStream | null = null;
  #isBegun = false;
  /** All that came so far; null: some of it is gone, or nobody will want it again. */
  #kept: HeldPieces | null = null;
  #ended = false;
  #trailers: HeaderList | null = null;
  #isUnwanted = false;

  constructor(owner: RequestBodyOwner) {
    this.#owner = owner;
  }

  /** Whether it can be sent once more. */
  get canRepeat(): boolean {
    return this.#kept !== null;
  }

  /** Sends it to this backend, from its first byte on. */
  sendTo(stream: BackendStream): void {
    this.#stream = stream;
    if (this.#isBegun) return this.#repeat(stream);
    this.#isBegun = true;
    if (stream.mayRefuse) this.#kept = new HeldPieces();
    this.#owner.client.readBody(this);
  }

  #repeat(stream: BackendStream): void {
    const pieces = this.#kept?.takeAll() ?? [];
    this.#kept = stream.mayRefuse ? new HeldPieces() : null;
    let isTaken = true;
    for (const piece of pieces) {
      this.#kept?.add(piece);
      isTaken = stream.sendData(piece);
    }
    if (this.#ended) stream.sendEnd(this.#trailers);
    else if (isTaken) this.#owner.client.resumeBody();
    else this.#owner.client.pauseBody();
  }

  /** Another attempt is about to begin, which `sendTo` follows. */
  waitForAttempt(): void {
    this.#stream = null;
  }

  /** There will be no other attempt. */
  forget(): void {
    this.#kept = null;
  }

  /** There is no attempt any more: what still comes is thrown away. */
  drop(): void {
    this.#isUnwanted = true;
    this.#kept = null;
  }

  onBodyData(piece: Buffer): void {
    if (this.#isUnwanted || !this.#owner.onRequestData(piece.length)) return;
    this.#kept?.add(piece);
    const stream = this.#stream;
    if (stream === null) return this.#owner.client.pauseBody();
    if (this.#kept !== null && this.#kept.bytes > MAX_KEPT_BYTES) this.#kept = null;
    if (!stream.sendData(piece)) this.#owner.client.pauseBody();
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
