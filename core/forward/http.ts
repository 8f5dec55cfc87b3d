import type { HeaderList } from '../exchange/headers.ts';
import {
  hasBody,
  type BackendEvents,
  type BackendSettings,
  type BackendStream,
  type BodyConsumer,
  type ClientStream,
  type OutgoingRequest,
  type RequestHead,
  type ResponseHead,
} from '../exchange/streams.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';

/** The request path's side of an attempt. */
export interface AttemptOwner {
  readonly client: ClientStream;
  onConnected(): void;
  onInformational(head: ResponseHead): void;
  onAnswerHead(head: ResponseHead): void;
  onSwitchProtocols(head: ResponseHead, protocol: string | null): void;
  /** @returns false when the client takes no more for now */
  onAnswerData(piece: Buffer): boolean;
  onAnswerEnd(trailers: HeaderList | null): void;
  /** @returns false when the body is too large and the attempt is over */
  onRequestData(bytes: number): boolean;
  /** The client failed in mid-body. */
  onRequestFailed(error: ProxyError): void;
  onAttemptFailed(error: ProxyError): void;
}

/**
 * One try at one backend: the request goes there, the answer comes back, each side waits for the
 * other when it is slower.
 */
export class Attempt implements BackendEvents, BodyConsumer {
  readonly backend: AddressBackend;
  stream: BackendStream;
  /** Whether the request body has begun to be read: it can not be sent a second time. */
  bodyBegun = false;
  readonly #owner: AttemptOwner;
  readonly #head: OutgoingRequest;
  readonly #request: RequestHead;

  constructor(
    owner: AttemptOwner,
    backend: AddressBackend,
    stream: BackendStream,
    head: OutgoingRequest,
    request: RequestHead,
  ) {
    this.#owner = owner;
    this.backend = backend;
    this.stream = stream;
    this.#head = head;
    this.#request = request;
  }

  start(method: string, settings: BackendSettings): void {
    this.stream.open(this, method, settings);
  }

  abort(): void {
    this.stream.abort();
  }

  // --- client → backend ----------------------------------------------------------------------

  onConnected(stream: BackendStream): void {
    this.stream = stream;
    this.#owner.onConnected();
    const { framing, expectsContinue } = this.#request;
    this.stream.sendHead(this.#head, framing, expectsContinue);
    if (!hasBody(framing)) return;
    this.bodyBegun = true;
    this.#owner.client.readBody(this);
    this.stream.flush();
  }

  onBodyData(piece: Buffer): void {
    if (!this.#owner.onRequestData(piece.length)) return;
    if (!this.stream.sendData(piece)) this.#owner.client.pauseBody();
  }

  onBodyPause(): void {
    this.stream.flush();
  }

  onBodyEnd(trailers: HeaderList | null): void {
    this.stream.sendEnd(trailers);
  }

  onBodyError(error: ProxyError): void {
    this.#owner.onRequestFailed(error);
  }

  onBackendWritable(): void {
    this.#owner.client.resumeBody();
  }

  // --- backend → client ----------------------------------------------------------------------

  onInformational(head: ResponseHead): void {
    this.#owner.onInformational(head);
  }

  onResponseHead(head: ResponseHead): void {
    this.#owner.onAnswerHead(head);
  }

  onSwitchProtocols(head: ResponseHead, protocol: string | null): void {
    this.#owner.onSwitchProtocols(head, protocol);
  }

  onResponseData(piece: Buffer): void {
    if (!this.#owner.onAnswerData(piece)) this.stream.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | null): void {
    this.#owner.onAnswerEnd(trailers);
  }

  onReadPause(): void {
    this.#owner.client.flush();
  }

  onBackendError(error: ProxyError): void {
    this.#owner.onAttemptFailed(error);
  }

  /** The client takes more again. */
  resume(): void {
    this.stream.resumeResponse();
  }
}
