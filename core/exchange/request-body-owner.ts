import { RequestBody, type RequestBodyOwner } from '../forward/request-body.ts';
import type { ProxyError } from '../shared/errors.ts';
import { checkBodySoFar } from './check-request.ts';
import type { Exchange } from './exchange.ts';
import type { BodySource, PluginRequestBody } from './plugins/request-body.ts';
import { hasBody, type BackendStream, type ClientStream } from './streams.ts';
import { bytesToKeep } from './try-again.ts';

/** The request path, as far as the body concerns it. */
interface BodySender {
  readonly exchange: Exchange;
  readonly client: ClientStream;
  /** The client failed in mid-body, or sends more than the listener takes. */
  fail(error: ProxyError): void;
}

/** The body of the request for its first attempt and all that follow; null: it has none. */
export function bodyToSend(sender: BodySender): RequestBody | null {
  const { exchange } = sender;
  if (!hasBody(exchange.request.framing)) return null;
  let source: BodySource = sender.client;
  for (const transformed of exchange.plugins?.requestBodies ?? [])
    source = behind(sender, source, transformed);
  return new RequestBody(new Owner(sender, source), null);
}

/** The body as it comes out of transforms that it is to pass before the attempts which follow. */
export function transformedAgain(
  sender: BodySender,
  body: RequestBody,
  transformed: PluginRequestBody,
): RequestBody {
  return new RequestBody(new Owner(sender, behind(sender, body, transformed)), body);
}

function behind(sender: BodySender, source: BodySource, transformed: PluginRequestBody): BodySource {
  transformed.connect(source, {
    onReceived: (bytes) => source !== sender.client || countReceived(sender, bytes),
    onFailed: (error) => sender.fail(error),
  });
  return transformed;
}

/** @returns false when the client has sent too much, and the exchange is over */
function countReceived(sender: BodySender, bytes: number): boolean {
  const { exchange } = sender;
  exchange.requestBytes += bytes;
  const refusal = checkBodySoFar(exchange);
  if (refusal !== null) sender.fail(refusal);
  return refusal === null;
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
    return this.source !== this.#sender.client || countReceived(this.#sender, bytes);
  }

  onRequestFailed(error: ProxyError): void {
    this.#sender.fail(error);
  }
}
