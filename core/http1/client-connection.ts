import { connect, type Socket } from 'node:net';
import type { HeaderList } from '../exchange/headers.ts';
import type { BackendEvents, BackendStream, BodyFraming } from '../exchange/streams.ts';
import type { SocketAddressConfig, UpstreamConfig } from '../shared/config-types.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { ProxyError } from '../shared/errors.ts';
import { BodyReader } from './body-reader.ts';
import { HeadBuffer, findHeadEnd, isHopeless } from './head-buffer.ts';
import { MessageWriter } from './message-writer.ts';
import { parseResponseHead, type ParsedResponse } from './parse-head.ts';

/** What an upstream's config says of its connections. */
export type ClientConnectionSettings = Pick<UpstreamConfig, 'timeouts' | 'limits'>;

/** The pool that the connection belongs to. */
export interface ClientConnectionOwner {
  readonly deadlines: Deadlines;
  /** The exchange is over and the connection can take another one. */
  onReusable(connection: ClientConnection): void;
  onClosed(connection: ClientConnection): void;
}

/** More 1xx than any sane backend sends before an answer. */
const MAX_INFORMATIONAL = 32;

type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'switched' | 'closed';

/**
 * The proxy's end of an HTTP/1.1 connection to a backend: one attempt at a time. It is used again
 * only if both messages ended where their framing said; whatever else happens on it ends it.
 */
export class ClientConnection implements BackendStream, Timed {
  readonly socket: Socket;
  deadlineMs: number;
  readonly #owner: ClientConnectionOwner;
  readonly #writer: MessageWriter;
  #settings: ClientConnectionSettings;
  #phase: Phase = 'connecting';
  #events: BackendEvents | null = null;
  #method = '';
  #head: HeadBuffer | null = null;
  #body: BodyReader | null = null;
  #readAhead: Buffer | null = null;
  #informational = 0;
  #sent = true;
  #chunkedRequest = false;
  #reusable = false;
  #responsePaused = false;
  #bytesOfAnswer = 0;
  #exchanges = 0;

  constructor(
    address: SocketAddressConfig,
    settings: ClientConnectionSettings,
    owner: ClientConnectionOwner,
  ) {
    this.#owner = owner;
    this.#settings = settings;
    this.socket =
      address.kind === 'unix'
        ? connect({ path: address.path, allowHalfOpen: true })
        : connect({
            host: address.host,
            port: address.port,
            noDelay: true,
            keepAlive: true,
            allowHalfOpen: true,
          });
    this.#writer = new MessageWriter(this.socket);
    this.deadlineMs = performance.now() + settings.timeouts.connectMs;
    owner.deadlines.add(this);
    this.socket.once('connect', () => this.#onConnect());
    this.socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.socket.on('drain', () => this.#onDrain());
    this.socket.on('end', () => this.#onEnd());
    this.socket.on('error', (error: Error) => this.#onError(error));
    this.socket.on('close', () => this.#onClose());
  }

  /** Whether it has served an exchange before the one under way: a failure may then be an idle connection that the backend just closed. */
  get isReused(): boolean {
    return this.#exchanges > 1;
  }

  /** Whether any byte of the present attempt's answer has come. */
  get hasAnswerBytes(): boolean {
    return this.#bytesOfAnswer > 0;
  }

  /** Begins an attempt on a fresh or idle connection; `onConnected` follows, at once on an idle one. */
  open(events: BackendEvents, method: string, settings: ClientConnectionSettings): void {
    this.#events = events;
    this.#method = method;
    this.#settings = settings;
    this.#bytesOfAnswer = 0;
    this.#informational = 0;
    this.#exchanges += 1;
    if (this.#phase !== 'idle') return;
    this.#phase = 'head';
    events.onConnected();
  }

  destroy(): void {
    this.#events = null;
    this.#discard();
  }

  /** The pool hears of it at once, not on 'close': a connection that is gone must neither be handed out nor hold a place. */
  #discard(): void {
    this.socket.destroy();
    this.#owner.onClosed(this);
  }

  // --- sending -----------------------------------------------------------------------------

  sendHead(head: string, framing: BodyFraming, expectsContinue: boolean): void {
    this.#chunkedRequest = framing.kind === 'chunked';
    this.#sent = framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0);
    this.#writer.hold(`${head}\r\n`);
    if (this.#sent) this.#writer.flush();
    // While the client owes its body, time is not the backend's to use up.
    if (this.#sent || expectsContinue) this.#armResponseDeadline();
  }

  sendData(piece: Buffer): boolean {
    const taken = this.#writer.body(piece, this.#chunkedRequest);
    if (this.#phase === 'head' && taken) this.deadlineMs = 0;
    else if (!this.#responsePaused) this.#armResponseDeadline();
    return taken;
  }

  sendEnd(trailers: HeaderList | null): void {
    this.#writer.end(trailers, this.#chunkedRequest);
    this.#sent = true;
    if (!this.#responsePaused) this.#armResponseDeadline();
  }

  flush(): void {
    this.#writer.flush();
  }

  // --- receiving ---------------------------------------------------------------------------

  #onConnect(): void {
    if (this.#phase !== 'connecting') return;
    this.deadlineMs = 0;
    if (this.#events === null) {
      this.#becomeIdle();
      return;
    }
    this.#phase = 'head';
    this.#events.onConnected();
  }

  #onData(chunk: Buffer): void {
    if (this.#phase === 'idle' || this.#phase === 'connecting') {
      // Bytes that answer nothing would be taken for the next exchange's answer.
      this.#discard();
      return;
    }
    if (this.#phase === 'closed') return;
    this.#bytesOfAnswer += chunk.length;
    this.#readAhead = this.#readAhead === null ? chunk : Buffer.concat([this.#readAhead, chunk]);
    this.#advance();
  }

  #advance(): void {
    while (this.#readAhead !== null && !this.#responsePaused) {
      const chunk: Buffer = this.#readAhead;
      this.#readAhead = null;
      if (this.#phase === 'head') this.#readHead(chunk);
      else if (this.#phase === 'body' && this.#body !== null) this.#readBody(this.#body, chunk);
      else {
        this.#readAhead = chunk;
        break;
      }
    }
    if (this.#phase === 'body' && !this.#responsePaused) this.#armResponseDeadline();
    this.#events?.onReadPause();
  }

  #readHead(chunk: Buffer): void {
    let bytes = chunk;
    let searchFrom = 0;
    if (this.#head !== null && !this.#head.isEmpty) {
      searchFrom = this.#head.length - 3;
      bytes = this.#head.add(chunk);
    }
    const end = findHeadEnd(bytes, searchFrom);
    if ((end === -1 ? bytes.length - 3 : end) > this.#settings.limits.headBytes) {
      this.#fail(
        new ProxyError(
          'response-malformed',
          'backend',
          `the head of the answer has more than ${this.#settings.limits.headBytes} bytes`,
        ),
      );
      return;
    }
    if (end === -1) {
      if (isHopeless(bytes, Math.max(0, searchFrom))) {
        this.#fail(
          new ProxyError(
            'response-malformed',
            'backend',
            'a control character or bare LF in the head of the answer',
          ),
        );
        return;
      }
      if (this.#head === null || this.#head.isEmpty) {
        this.#head ??= new HeadBuffer();
        this.#head.add(bytes);
      }
      return;
    }
    let parsed: ParsedResponse;
    try {
      parsed = parseResponseHead(
        bytes.toString('latin1', 0, end),
        this.#method,
        this.#settings.limits.headers,
      );
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#fail(error);
      return;
    }
    this.#head?.clear();
    this.#readAhead = end + 4 < bytes.length ? bytes.subarray(end + 4) : null;
    this.#dispatch(parsed);
  }

  #dispatch(parsed: ParsedResponse): void {
    const { head } = parsed;
    const events = this.#events;
    if (events === null) return;
    if (head.status === 101) {
      this.#phase = 'switched';
      this.deadlineMs = 0;
      events.onSwitchProtocols(head, parsed.upgrade);
      return;
    }
    if (head.status < 200) {
      if (++this.#informational > MAX_INFORMATIONAL) {
        this.#fail(
          new ProxyError(
            'response-malformed',
            'backend',
            `more than ${MAX_INFORMATIONAL} informational answers`,
          ),
        );
        return;
      }
      if (this.#sent) this.#armResponseDeadline();
      else if (head.status === 100) this.deadlineMs = 0;
      events.onInformational(head);
      return;
    }
    this.#reusable = parsed.keepAlive;
    const { framing } = head;
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) {
      this.#body = null;
      this.#phase = 'body';
      events.onResponseHead(head);
      if (this.#events === events) this.#complete(null);
      return;
    }
    this.#phase = 'body';
    this.#body = new BodyReader(framing, {
      onBodyData: (piece) => this.#events?.onResponseData(piece),
      onBodyPause: () => {},
      onBodyEnd: (trailers) => this.#complete(trailers),
      onBodyError: () => {},
    });
    events.onResponseHead(head);
  }

  #readBody(body: BodyReader, chunk: Buffer): void {
    let end: number;
    try {
      end = body.read(chunk);
    } catch (error) {
      this.#fail(
        new ProxyError(
          'response-malformed',
          'backend',
          error instanceof Error ? error.message : 'malformed body',
          { cause: error },
        ),
      );
      return;
    }
    if (this.#body !== body || end === -1) return;
    // Bytes behind the end of the answer belong to no request of ours: the connection is not to be trusted any more.
    if (end < chunk.length) this.#reusable = false;
    body.finish();
  }

  /** The answer is whole: hand the connection back before the exchange hears of it, so that a next one may use it. */
  #complete(trailers: HeaderList | null): void {
    const events = this.#events;
    this.#events = null;
    this.#body = null;
    this.deadlineMs = 0;
    if (this.#reusable && this.#sent && this.#readAhead === null && !this.socket.destroyed)
      this.#becomeIdle();
    else this.#discard();
    events?.onResponseEnd(trailers);
  }

  #becomeIdle(): void {
    this.#phase = 'idle';
    if (this.#responsePaused) {
      // The client was slow to take the last piece, which is none of the next exchange's business.
      this.#responsePaused = false;
      this.socket.resume();
    }
    this.deadlineMs = performance.now() + this.#settings.timeouts.idleMs;
    this.#owner.onReusable(this);
  }

  pauseResponse(): void {
    if (this.#phase !== 'body' || this.#responsePaused) return;
    this.#responsePaused = true;
    this.deadlineMs = 0;
    this.socket.pause();
  }

  resumeResponse(): void {
    if (!this.#responsePaused) return;
    this.#responsePaused = false;
    this.#armResponseDeadline();
    this.#advance();
    if (!this.#responsePaused && this.#phase !== 'closed') this.socket.resume();
  }

  abort(): void {
    this.#events = null;
    this.#body = null;
    this.#discard();
  }

  takeSocket(): { socket: Socket; readAhead: Buffer | null } {
    const readAhead = this.#readAhead;
    this.#readAhead = null;
    this.#events = null;
    this.deadlineMs = 0;
    for (const event of ['data', 'end', 'drain', 'error']) this.socket.removeAllListeners(event);
    return { socket: this.socket, readAhead };
  }

  #armResponseDeadline(): void {
    this.deadlineMs = performance.now() + this.#settings.timeouts.responseMs;
  }

  // --- what befalls the socket --------------------------------------------------------------

  #onDrain(): void {
    if (this.#phase === 'head') {
      if (this.#sent) this.#armResponseDeadline();
      else this.deadlineMs = 0;
    }
    this.#events?.onBackendWritable();
  }

  #onEnd(): void {
    if (
      this.#phase === 'body' &&
      this.#body !== null &&
      this.#events !== null &&
      this.#body.endsWithConnection
    ) {
      this.#reusable = false;
      this.#complete(null);
      return;
    }
    if (this.#phase === 'idle' || this.#phase === 'switched') {
      if (this.#phase === 'idle') this.#discard();
      return;
    }
    this.#fail(this.#cutOff('closed the connection'));
  }

  #onError(error: Error): void {
    if (this.#phase === 'connecting') {
      this.#fail(
        new ProxyError('connect-failed', 'backend', error.message, { retryable: true, cause: error }),
      );
    } else this.#fail(this.#cutOff(`broke the connection: ${error.message}`));
  }

  #cutOff(how: string): ProxyError {
    if (this.#phase === 'body')
      return new ProxyError('response-truncated', 'backend', `the backend ${how} in mid-answer`);
    if (this.#phase === 'connecting')
      return new ProxyError('connect-failed', 'backend', `the backend ${how}`, { retryable: true });
    return new ProxyError('backend-reset', 'backend', `the backend ${how} before its answer`, {
      retryable: this.#bytesOfAnswer === 0,
    });
  }

  #onClose(): void {
    this.#owner.deadlines.delete(this);
    if (this.#phase !== 'switched') this.#fail(this.#cutOff('closed the connection'));
    this.#phase = 'closed';
    this.#owner.onClosed(this);
  }

  onDeadline(): void {
    if (this.#phase === 'idle') this.#discard();
    else if (this.#phase === 'connecting') {
      this.#fail(
        new ProxyError(
          'connect-timeout',
          'backend',
          `no connection within ${this.#settings.timeouts.connectMs} ms`,
          { retryable: true },
        ),
      );
    } else if (this.#phase === 'head') {
      this.#fail(
        new ProxyError(
          'response-timeout',
          'backend',
          `no answer within ${this.#settings.timeouts.responseMs} ms`,
          { retryable: this.#bytesOfAnswer === 0 },
        ),
      );
    } else if (this.#phase === 'body') {
      this.#fail(
        new ProxyError(
          'response-timeout',
          'backend',
          `no more of the answer for ${this.#settings.timeouts.responseMs} ms`,
        ),
      );
    }
  }

  #fail(error: ProxyError): void {
    const events = this.#events;
    this.#events = null;
    this.#body = null;
    this.#readAhead = null;
    this.deadlineMs = 0;
    this.#discard();
    events?.onBackendError(error);
  }
}
