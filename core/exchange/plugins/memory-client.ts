import type { PluginSubrequest, PluginSubresponse } from '../../../plugins/contract/context.ts';
import { ProxyError } from '../../shared/errors.ts';
import { copyOf } from '../../shared/read-buffers.ts';
import type { RequestPath } from '../pipeline.ts';
import type { BodyConsumer, ClientStream, ResponseHead, TunnelEnd } from '../streams.ts';
import { BodyPump } from './body-pump.ts';
import { asBuffer } from './body-sink.ts';
import { HeadersOfMessage } from './plugin-headers.ts';

/** So much of an answer waits for the plugin before the backend has to. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** How long a plugin may leave an answer unread while the backend waits; it would keep the connection otherwise. */
const UNREAD_MS = 60_000;

/** The client of a request that a plugin makes: its body comes from memory or a stream, its answer goes to the plugin. */
export class MemoryClient implements ClientStream, AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: NonNullable<PluginSubrequest['body']> | null;
  readonly #signal: AbortSignal | null;
  #path: RequestPath | null = null;
  #pump: BodyPump | null = null;
  #isPaused = false;
  #answer = Promise.withResolvers<PluginSubresponse>();
  #pieces: Buffer[] = [];
  #unreadBytes = 0;
  #isFull = false;
  #timer: NodeJS.Timeout | null = null;
  /** `cut`: nothing follows, and it is not whole. */
  #phase: 'open' | 'whole' | 'cut' = 'open';
  #reason: unknown = null;
  /** Those who wait for the next piece. */
  #waiting: (() => void)[] = [];

  constructor(body: PluginSubrequest['body'] | null, signal: AbortSignal | null) {
    this.#body = body ?? null;
    this.#signal = signal;
  }

  begin(path: RequestPath): Promise<PluginSubresponse> {
    this.#path = path;
    this.#signal?.addEventListener('abort', this.#onAbort);
    path.begin();
    return this.#answer.promise;
  }

  readonly #onAbort = (): void => this.#leave(this.#signal?.reason);

  /** The plugin wants no more of it. */
  #leave(reason: unknown): void {
    if (this.#phase === 'cut') return;
    const path = this.#path;
    const wasOpen = this.#phase === 'open';
    this.#end('cut', reason);
    this.#pieces = [];
    if (wasOpen) path?.onClientGone(new ProxyError('client-abort', 'client', 'the plugin has left'));
  }

  #end(phase: 'whole' | 'cut', reason: unknown): void {
    this.#phase = phase;
    this.#reason = reason;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#pump?.close();
    if (phase === 'cut') this.#answer.reject(toError(reason));
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  // --- the request ---------------------------------------------------------------------------

  readBody(consumer: BodyConsumer): void {
    const body = this.#body;
    if (body === null) return;
    if (typeof body === 'string' || body instanceof Uint8Array) {
      consumer.onBodyData(typeof body === 'string' ? Buffer.from(body) : asBuffer(body));
      consumer.onBodyPause();
      consumer.onBodyEnd(null);
      return;
    }
    const sink = {
      write: (piece: Buffer): boolean => {
        consumer.onBodyData(piece);
        return !this.#isPaused;
      },
      flush: () => consumer.onBodyPause(),
      end: () => consumer.onBodyEnd(null),
    };
    this.#pump = new BodyPump(body, sink, (error) => {
      this.#reason = error;
      consumer.onBodyError(new ProxyError('client-abort', 'client', 'the body of the request failed'));
    });
    this.#pump.start();
  }

  pauseBody(): void {
    this.#isPaused = true;
  }

  resumeBody(): void {
    this.#isPaused = false;
    this.#pump?.resume();
  }

  // --- the answer ----------------------------------------------------------------------------

  sendInformational(): void {}

  sendHead(head: ResponseHead): void {
    const error = this.#path?.exchange.error ?? null;
    // An error page of ours is no answer.
    if (error !== null) return this.#end('cut', this.#failure(error));
    this.#answer.resolve({ status: head.status, headers: new HeadersOfMessage(head.headers), body: this });
  }

  #failure(error: ProxyError | null): Error {
    const cause = this.#reason ?? error;
    return new Error(`no answer: ${error?.code ?? 'cut off'} (${error?.message ?? ''})`, { cause });
  }

  sendData(piece: Buffer): boolean {
    if (this.#phase !== 'open') return true;
    this.#pieces.push(copyOf(piece));
    this.#unreadBytes += piece.length;
    this.#wake();
    if (this.#unreadBytes < MAX_UNREAD_BYTES) return true;
    this.#isFull = true;
    this.#timer ??= setTimeout(
      () => this.#leave(new Error(`nothing was read for ${UNREAD_MS} ms`)),
      UNREAD_MS,
    );
    return false;
  }

  sendEnd(): void {
    if (this.#phase === 'open') this.#end('whole', null);
  }

  flush(): void {}

  abort(): void {
    if (this.#phase === 'open') this.#end('cut', this.#failure(this.#path?.exchange.error ?? null));
  }

  closeAfterAnswer(): void {}

  switchProtocols(): TunnelEnd {
    throw new Error('a request without Upgrade does not switch protocols');
  }

  // --- its body, for the plugin --------------------------------------------------------------

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#unreadBytes -= piece.length;
        this.#resume();
        return { done: false, value: piece };
      }
      if (this.#phase === 'whole') return { done: true, value: undefined };
      if (this.#phase === 'cut') throw toError(this.#reason);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #resume(): void {
    if (!this.#isFull || this.#unreadBytes >= MAX_UNREAD_BYTES) return;
    this.#isFull = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#phase === 'open') this.#path?.onClientWritable();
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#leave(new Error('the body was given up'));
    return Promise.resolve({ done: true, value: undefined });
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
