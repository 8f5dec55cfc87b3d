import { RequestBody, type RequestBodyOwner } from '../forward/request-body.ts';
import type { ProxyError } from '../shared/errors.ts';
import { checkBodySoFar } from './check-request.ts';
import type { Exchange } from './exchange.ts';
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
  return hasBody(sender.exchange.request.framing) ? new RequestBody(new Owner(sender)) : null;
}

class Owner implements RequestBodyOwner {
  readonly client: ClientStream;
  readonly #sender: BodySender;

  constructor(sender: BodySender) {
    this.client = sender.client;
    this.#sender = sender;
  }

  bytesToKeep(stream: BackendStream): number {
    return bytesToKeep(this.#sender.exchange, stream);
  }

  onRequestData(bytes: number): boolean {
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
