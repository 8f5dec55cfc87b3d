import { RequestBody, type RequestBodyOwner } from '../forward/request-body.ts';
import type { ProxyError } from '../shared/errors.ts';
import { checkBodySoFar } from './check-request.ts';
import type { Exchange } from './exchange.ts';
import type { BodySource } from './plugins/request-body.ts';
import { hasBody, type BackendStream, type ClientStream } from './streams.ts';
import { bytesToKeep } from './try-again.ts';

/** The request path, as far as the body concerns it. */
interface BodySender {
  readonly exchange: Exchange;
  readonly client: ClientStream;
  /** The client failed in mid-body, or sends more than the listener takes. */
  onRequestFailed(error: ProxyError): void;
}

/** The body of the request for its first attempt and all that follow; null: it has none. */
export function bodyToSend(sender: BodySender): RequestBody | null {
  const { exchange } = sender;
  if (!hasBody(exchange.request.framing)) return null;
  const transformed = exchange.plugins?.requestBody ?? null;
  const owner = new Owner(sender, transformed ?? sender.client);
  if (transformed !== null) {
    transformed.connect(sender.client, {
      onReceived: (bytes) => owner.count(bytes),
      onFailed: (error) => sender.onRequestFailed(error),
    });
  }
  return new RequestBody(owner);
}

class Owner implements RequestBodyOwner {
  readonly source: BodySource;
  readonly #sender: BodySender;

  constructor(sender: BodySender, source: BodySource) {
    this.source = source;
    this.#sender = sender;
  }

  bytesToKeep(stream: BackendStream): number {
    return bytesToKeep(this.#sender.exchange, stream);
  }

  onRequestData(bytes: number): boolean {
    // What comes out of a transform was counted where it went in.
    return this.source !== this.#sender.client || this.count(bytes);
  }

  /** @returns false when the client has sent too much, and the exchange is over */
  count(bytes: number): boolean {
    const { exchange } = this.#sender;
    exchange.requestBytes += bytes;
    const refusal = checkBodySoFar(exchange);
    if (refusal !== null) this.#sender.onRequestFailed(refusal);
    return refusal === null;
  }

  onRequestFailed(error: ProxyError): void {
    this.#sender.onRequestFailed(error);
  }
}
