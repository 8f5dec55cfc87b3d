import type { HeaderList } from '../exchange/headers.ts';
import {
  hasBody,
  type BackendEvents,
  type BackendSettings,
  type BackendStream,
  type BodyFraming,
  type FieldLine,
  type OutgoingRequest,
  type TunnelEnd,
} from '../exchange/streams.ts';
import {
  connectFailed,
  cutOff,
  malformedAnswer,
  MAX_INFORMATIONAL,
  streamRefused,
  timedOut,
} from '../http1/backend-failures.ts';
import type { Timed } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import { isIdempotent } from '../shared/methods.ts';
import type { ClientSession } from './client-session.ts';
import { ErrorCode, streamError } from './errors.ts';
import type { HeaderBlock } from './header-block.ts';
import { readAnswerHead } from './answer-fields.ts';
import { readTrailers } from './trailers.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

/** One attempt on a stream of a session to a backend. */
export class Http2BackendStream implements BackendStream, StreamEvents, Timed {
  isReused: boolean;
  readonly mayGoUnread = true;
  deadlineMs = 0;
  readonly #session: ClientSession;
  #stream: Http2Stream | null = null;
  /** null: the attempt is over. */
  #events: BackendEvents | null = null;
  #settings: BackendSettings;
  #method = '';
  #phase: 'head' | 'body' = 'head';
  /** Whether any byte of the answer has come. */
  #answered = false;
  #informational = 0;
  #paused = false;

  constructor(session: ClientSession, settings: BackendSettings) {
    this.#session = session;
    this.#settings = settings;
    this.isReused = session.wasIdle;
  }

  open(events: BackendEvents, method: string, settings: BackendSettings): void {
    this.#events = events;
    this.#method = method;
    this.#settings = settings;
    if (isIdempotent(method) || !this.#session.waitForSignOfLife(this)) this.onSignOfLife();
  }

  /** The connection is taken to be up. */
  onSignOfLife(): void {
    const events = this.#events;
    if (events === null) return;
    this.#stream = this.#session.addAttempt(this);
    if (this.#stream !== null) {
      // From the beginning, so that DATA before a head is seen for what it is.
      this.#stream.resume();
      return events.onConnected(this);
    }
    this.#fail(streamRefused('the connection was about to end'));
  }

  /** It was not, and nothing of the request has left. */
  onNoSignOfLife(reason: string): void {
    this.#fail(connectFailed(`the backend ${reason} before the request was sent`));
  }

  // --- sending -----------------------------------------------------------------------------

  sendHead(head: OutgoingRequest, framing: BodyFraming, expectsContinue: boolean): void {
    const isEnd = !hasBody(framing);
    this.#stream?.sendHeaders(head.fields(this.#session.scheme), isEnd);
    // While the client owes its body, time is not the backend's to use up.
    if (isEnd || expectsContinue) this.#armResponseDeadline();
  }

  sendData(piece: Buffer): boolean {
    const taken = this.#stream?.sendData(piece) ?? true;
    if (this.#events === null) return taken;
    if (this.#phase === 'head' && taken) this.deadlineMs = 0;
    else if (!this.#paused) this.#armResponseDeadline();
    return taken;
  }

  sendEnd(trailers: HeaderList | null): void {
    this.#stream?.sendEnd(trailers === null || trailers.length === 0 ? null : linesOf(trailers));
    if (this.#events !== null && !this.#paused) this.#armResponseDeadline();
  }

  /** Frames leave at the end of the turn by themselves. */
  flush(): void {}

  onWritable(): void {
    if (this.#phase === 'head') {
      if (this.#stream?.localEnded === true) this.#armResponseDeadline();
      else this.deadlineMs = 0;
    }
    this.#events?.onBackendWritable();
  }

  // --- receiving ---------------------------------------------------------------------------

  onHeaders(block: HeaderBlock, isEnd: boolean): void {
    this.#answered = true;
    this.#session.heard();
    if (this.#phase === 'body') {
      if (!isEnd) throw streamError(ErrorCode.ProtocolError, 'a second head');
      this.#stream?.endReceiving(readTrailers(block, ErrorCode.ProtocolError));
      return;
    }
    const head = readAnswerHead(block, this.#method, isEnd);
    if (head.status < 200) {
      this.#informational += 1;
      if (this.#informational > MAX_INFORMATIONAL)
        throw streamError(ErrorCode.EnhanceYourCalm, `more than ${MAX_INFORMATIONAL} informational answers`);
      if (this.#stream?.localEnded === true) this.#armResponseDeadline();
      else if (head.status === 100) this.deadlineMs = 0;
      this.#events?.onInformational(head);
      return;
    }
    this.#phase = 'body';
    const { framing } = head;
    if (!isEnd && framing.kind !== 'chunked')
      this.#stream?.expectBody(framing.kind === 'length' ? framing.bytes : 0);
    this.#events?.onResponseHead(head);
    if (isEnd) this.#stream?.endReceiving(null);
  }

  onData(piece: Buffer): void {
    if (this.#phase === 'head') throw streamError(ErrorCode.ProtocolError, 'DATA before the head');
    this.#session.heard();
    this.#events?.onResponseData(piece);
  }

  onReadPause(): void {
    if (this.#phase === 'body' && !this.#paused && this.#events !== null) this.#armResponseDeadline();
    this.#events?.onReadPause();
  }

  onEnd(trailers: HeaderList | null): void {
    if (this.#phase === 'head') throw streamError(ErrorCode.ProtocolError, 'the end before the head');
    const events = this.#events;
    this.#leave();
    // RFC 9113 8.1: an answer may be whole before its request is; nobody wants the rest.
    if (this.#stream?.localEnded === false) this.#stream.reset(ErrorCode.Cancel);
    events?.onResponseEnd(trailers);
  }

  onDone(): void {}

  pauseResponse(): void {
    if (this.#events === null) return;
    this.#paused = true;
    this.deadlineMs = 0;
    this.#stream?.pause();
  }

  resumeResponse(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream?.resume();
    this.onReadPause();
  }

  takeTunnelEnd(): TunnelEnd {
    throw new Error('HTTP/2 does not switch protocols');
  }

  // --- the end -----------------------------------------------------------------------------

  abort(): void {
    this.#leave();
    this.#session.waitNoMore(this);
    this.#stream?.reset(ErrorCode.Cancel);
  }

  onReset(code: number, by: 'peer' | 'us' | 'connection', message: string): void {
    if (by === 'us') this.#fail(malformedAnswer(message));
    // RFC 9113 8.7: what was refused, or is above the last stream of a GOAWAY, was not processed.
    else if (code === ErrorCode.RefusedStream && !this.#answered) this.#fail(streamRefused(message));
    else {
      // The connection goes on: it was not the time that it had been in use.
      if (by === 'peer') this.isReused = false;
      const how = by === 'peer' ? `reset the stream (${nameOf(code)})` : message;
      this.#fail(cutOff(this.#phase, how, this.#answered));
    }
  }

  onDeadline(): void {
    this.#session.probe();
    this.#fail(timedOut(this.#phase, this.#settings.timeouts, this.#answered));
  }

  #fail(error: ProxyError): void {
    const events = this.#events;
    this.#leave();
    this.#stream?.reset(ErrorCode.Cancel);
    events?.onBackendError(error);
  }

  #leave(): void {
    this.#events = null;
    this.deadlineMs = 0;
    this.#session.deadlines.delete(this);
  }

  #armResponseDeadline(): void {
    this.deadlineMs = performance.now() + this.#settings.timeouts.responseMs;
  }
}

function linesOf(trailers: HeaderList): FieldLine[] {
  return trailers.lowerNames.map((name, i) => [name, trailers.values[i] ?? '']);
}

/** `CANCEL`: as RFC 9113 7 writes it. */
function nameOf(code: number): string {
  const name = Object.entries(ErrorCode).find(([, value]) => value === code)?.[0];
  return name === undefined ? `error ${code}` : name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}
