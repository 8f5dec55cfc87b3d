import type { HeaderList } from '../exchange/headers.ts';
import type {
  BackendEvents,
  BackendSettings,
  BackendStream,
  OutgoingRequest,
  RequestHead,
  ResponseHead,
} from '../exchange/streams.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { RequestBody } from './request-body.ts';

/** The request path's side of an attempt. */
export interface AttemptOwner {
  onConnected(attempt: Attempt): void;
  onInformational(head: ResponseHead): void;
  onAnswerHead(attempt: Attempt, head: ResponseHead): void;
  onSwitchProtocols(attempt: Attempt, head: ResponseHead, protocol: string | null): void;
  /** @returns false when the client takes no more for now */
  onAnswerData(piece: Buffer): boolean;
  /** What was read so far is delivered: the time to write what was held back. */
  onAnswerPause(): void;
  onAnswerEnd(trailers: HeaderList | null): void;
  onAttemptFailed(attempt: Attempt, error: ProxyError): void;
}

/** The request that every attempt sends. */
interface MessageToSend {
  readonly request: Pick<RequestHead, 'framing' | 'expectsContinue'>;
  /** null: it has none. */
  readonly body: RequestBody | null;
}

/**
 * One try at one backend: the request goes there, the answer comes back, each side waits for the
 * other when it is slower.
 */
export class Attempt implements BackendEvents {
  readonly backend: AddressBackend;
  stream: BackendStream;
  /** Whoever hears of it; one attempt can take the place of another. */
  owner: AttemptOwner;
  /** On the clock of performance.now(). */
  connectedMs = 0;
  /** Over a connection that was not idle before, for that of the attempt before it was stale. */
  isSecondTry = false;
  /** What the circuit breaker of the backend knows it by; 0: there is none, or it has heard of its failure. */
  circuitTicket = 0;
  /** Its answer's head has come. */
  isAnswered = false;
  /** By the backend's fault, before its answer or in the middle of it. */
  hasFailed = false;
  readonly #head: OutgoingRequest;
  readonly #message: MessageToSend;

  constructor(
    owner: AttemptOwner,
    backend: AddressBackend,
    stream: BackendStream,
    head: OutgoingRequest,
    message: MessageToSend,
  ) {
    this.owner = owner;
    this.backend = backend;
    this.stream = stream;
    this.#head = head;
    this.#message = message;
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
    this.connectedMs = performance.now();
    this.owner.onConnected(this);
    const { request, body } = this.#message;
    this.stream.sendHead(this.#head, request.framing, request.expectsContinue);
    if (body === null) return;
    body.sendTo(stream);
    this.stream.flush();
  }

  onBackendWritable(): void {
    this.#message.body?.resumeBody();
  }

  // --- backend → client ----------------------------------------------------------------------

  onInformational(head: ResponseHead): void {
    this.owner.onInformational(head);
  }

  onResponseHead(head: ResponseHead): void {
    this.owner.onAnswerHead(this, head);
  }

  onSwitchProtocols(head: ResponseHead, protocol: string | null): void {
    this.owner.onSwitchProtocols(this, head, protocol);
  }

  onResponseData(piece: Buffer): void {
    if (!this.owner.onAnswerData(piece)) this.stream.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | null): void {
    this.owner.onAnswerEnd(trailers);
  }

  onReadPause(): void {
    this.owner.onAnswerPause();
  }

  onBackendError(error: ProxyError): void {
    this.owner.onAttemptFailed(this, error);
  }

  /** The answer is held back. */
  pause(): void {
    this.stream.pauseResponse();
  }

  /** The client takes more again. */
  resume(): void {
    this.stream.resumeResponse();
  }
}
