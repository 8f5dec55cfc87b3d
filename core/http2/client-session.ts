import type { OpeningSocket } from '../http1/open-socket.ts';
import { ConnectionLife } from '../shared/connection-life.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { Http2Connection } from './connection.ts';
import type { ConnectionLimits } from './connection-state.ts';
import { Http2BackendStream } from './client-stream.ts';
import { connectionError, ErrorCode, type Http2Error } from './errors.ts';
import { PREFACE } from './frame-types.ts';
import { SettingId } from './settings.ts';
import type { Http2Stream } from './stream.ts';
import type { BackendSettings } from '../exchange/streams.ts';

/** The pool that the session belongs to. */
export interface ClientSessionOwner {
  readonly deadlines: Deadlines;
  readonly scheme: 'http' | 'https';
  /** The backend has said what it allows: attempts may begin. */
  onReady(session: ClientSession): void;
  /** It takes no more attempts, and its socket is gone or about to go when those under way have ended. `reason`: what happened, for a log. */
  onOver(session: ClientSession, reason: string): void;
}

/** The window of each stream; what a client does not take waits here, and is never more. */
const STREAM_WINDOW_BYTES = 128 * 1024;
/** As many streams may fill their windows without the others of the connection having to wait for them. */
const FULL_WINDOWS = 100;
/** A connection over which nothing came for so long may be gone without a word: firewalls forget idle ones. */
const DOUBTFUL_AFTER_MS = 5000;
/** gRPC servers end a connection at the third PING without a message of theirs in between. */
const MAX_PROBES = 2;
/** How long a connection that is over has for its last frames, lest a backend that does not read keep it. */
const LINGER_MS = 2000;
/** Far beyond what honest backends do; each costs us little. */
const FLOODS = { resets: 5000, pings: 1000, settings: 100, emptyFrames: 5000, continuations: 64 };
const LAST_STREAM_ID = 2 ** 31 - 1;

/** The proxy's end of an HTTP/2 connection to a backend. Push is off; attempts are streams that share it. */
export class ClientSession extends Http2Connection implements Timed {
  readonly scheme: 'http' | 'https';
  readonly deadlines: Deadlines;
  deadlineMs = 0;
  /** Whether there was a time when nobody used it: a failure may then be that the backend ends such connections. */
  wasIdle = false;
  readonly #life = new ConnectionLife();
  readonly #owner: ClientSessionOwner;
  #settings: BackendSettings;
  #nextId = 1;
  #isReady = false;
  /** No new attempts: the backend, or the pool, wants it to end. */
  #isDraining = false;
  #isProbing = false;
  /** Since the backend last sent a message. */
  #probes = 0;
  #receivedMs = performance.now();
  /** Attempts that begin once there is a sign of life. */
  readonly #waiting = new Set<Http2BackendStream>();

  /** `opening`: a socket that is connected. */
  constructor(opening: OpeningSocket, settings: BackendSettings, owner: ClientSessionOwner) {
    super(opening.socket, {
      windowBytes: STREAM_WINDOW_BYTES,
      connectionWindowBytes: STREAM_WINDOW_BYTES * FULL_WINDOWS,
      settings: [[SettingId.EnablePush, 0]],
    });
    this.#owner = owner;
    this.#settings = settings;
    this.scheme = owner.scheme;
    this.deadlines = owner.deadlines;
    owner.deadlines.add(this);
    const { socket } = this;
    opening.input.receive = (piece) => this.#onRead(piece);
    socket.on('drain', () => this.onDrain());
    socket.on('end', () => this.#onSocketEnd('closed the connection'));
    socket.on('error', (error: Error) => this.#onSocketEnd(`broke the connection: ${error.message}`));
    socket.on('close', () => {
      this.#onSocketEnd('closed the connection');
      this.deadlines.delete(this);
    });
    this.outgoing.frames.preface(PREFACE);
    this.begin(settings.limits.headBytes);
  }

  get isUnused(): boolean {
    return this.streams.size === 0 && this.#waiting.size === 0;
  }

  /** Whether it is to take no more attempts. */
  get isSpent(): boolean {
    return this.#life.isOver(this.#settings.connections);
  }

  /** How many attempts it takes at a time. `limit`: of ours; the backend may have a lower one. */
  capacity(limit: number): number {
    return this.#isReady && !this.#isDraining && !this.isOver ? Math.min(limit, this.peer.maxStreams) : 0;
  }

  /** How many more it takes now. */
  freeStreams(limit: number): number {
    return Math.max(0, this.capacity(limit) - this.streams.size - this.#waiting.size);
  }

  /** A stream for one attempt; it counts once it is opened. */
  attempt(settings: BackendSettings): Http2BackendStream {
    this.#settings = settings;
    return new Http2BackendStream(this, settings);
  }

  /** For the stream when it is opened. null: the connection takes no more. */
  addAttempt(stream: Http2BackendStream): Http2Stream | null {
    if (this.#isDraining || this.isOver) return null;
    const id = this.#nextId;
    this.#nextId += 2;
    this.#life.requests += 1;
    if (this.isUnused && !this.#isProbing) this.deadlineMs = 0;
    if (this.#isDoubtful) this.probe();
    this.deadlines.add(stream);
    const added = this.addStream(id, stream);
    if (this.#nextId > LAST_STREAM_ID || this.isSpent) this.drain();
    return added;
  }

  get #isDoubtful(): boolean {
    return performance.now() - this.#receivedMs > DOUBTFUL_AFTER_MS && this.#probes < MAX_PROBES;
  }

  /** For an attempt that can not be sent twice: whether it has to wait, until `onSignOfLife` or `onNoSignOfLife`, since the connection may be gone without a word. */
  waitForSignOfLife(stream: Http2BackendStream): boolean {
    if (this.#isDraining || this.isOver || !(this.#isProbing || this.#isDoubtful)) return false;
    this.#waiting.add(stream);
    this.probe();
    return true;
  }

  waitNoMore(stream: Http2BackendStream): void {
    if (this.#waiting.delete(stream) && this.isUnused && this.#isDraining) this.#end('was no longer wanted');
  }

  /** Asks for a sign of life, and fails if none comes in the time that a connection may take to come about. */
  probe(): void {
    if (this.isOver || this.#isProbing) return;
    this.#isProbing = true;
    this.#probes += 1;
    this.outgoing.frames.ping(Buffer.alloc(8), false);
    this.deadlineMs = performance.now() + this.#settings.timeouts.connectMs;
  }

  /** For streams: a message of the backend's has come. */
  heard(): void {
    this.#probes = 0;
  }

  /** No new attempts; ends when those under way have. */
  drain(): void {
    this.#isDraining = true;
    if (this.isUnused) this.#end('was no longer wanted');
  }

  /** Ends it at once. */
  destroy(): void {
    this.#onSocketEnd('was given up');
  }

  onDeadline(): void {
    if (this.isOver) this.socket.destroy();
    else if (this.#isProbing) this.#onSocketEnd('gave no sign of life');
    else if (this.isUnused) this.#end('was idle');
  }

  // --- what befalls the connection -----------------------------------------------------------

  #onRead(piece: Buffer): void {
    this.#receivedMs = performance.now();
    if (this.#isProbing) {
      this.#isProbing = false;
      this.deadlineMs = 0;
      if (this.isUnused) this.#armIdleDeadline();
    }
    this.receive(piece);
    if (this.#waiting.size > 0) this.#wakeWaiting();
  }

  #wakeWaiting(): void {
    for (const stream of this.#waiting) {
      this.#waiting.delete(stream);
      stream.onSignOfLife();
    }
    if (this.isUnused && this.#isDraining) this.#end('was no longer wanted');
  }

  /** In good order. */
  #end(reason: string): void {
    if (this.isOver) return;
    this.outgoing.frames.goAway(0, ErrorCode.NoError, '');
    this.outgoing.frames.writeHeld();
    this.breakOff(ErrorCode.NoError, reason);
    this.#leave(reason);
    this.socket.destroySoon();
  }

  #onSocketEnd(how: string): void {
    if (!this.isOver) {
      this.breakOff(ErrorCode.ConnectError, how);
      this.#leave(how);
    }
    this.socket.destroy();
  }

  #leave(reason: string): void {
    this.deadlineMs = performance.now() + LINGER_MS;
    this.#owner.onOver(this, reason);
    for (const stream of this.#waiting) {
      this.#waiting.delete(stream);
      stream.onNoSignOfLife(reason);
    }
  }

  protected onFailed(error: Http2Error): void {
    this.#leave(`broke the rules of HTTP/2: ${error.message}`);
    this.socket.destroySoon();
  }

  // --- what Http2Connection asks for ---------------------------------------------------------

  protected limits(): ConnectionLimits {
    return { ...this.#settings.limits, floods: FLOODS };
  }

  /** Streams of the backend's are all idle: push is off. */
  protected isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId >= this.#nextId;
  }

  protected onNewStream(): Http2Stream | null {
    throw connectionError(ErrorCode.ProtocolError, 'HEADERS of an idle stream');
  }

  /** Anything that is received is a sign of life: `#onRead` has seen it. */
  protected onPingAnswered(): void {}

  protected onRead(): void {}

  protected onSettings(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#armIdleDeadline();
    this.#owner.onReady(this);
  }

  protected onGoAway(lastStreamId: number, code: number, debug: string): void {
    this.#isDraining = true;
    const reason = `is ending the connection (GOAWAY ${code}${debug === '' ? '' : ` ${JSON.stringify(debug)}`})`;
    for (const [id, stream] of this.streams)
      if (id > lastStreamId) stream.breakOff(ErrorCode.RefusedStream, 'connection', `the backend ${reason}`);
    if (this.isUnused) this.#end(reason);
  }

  protected onStreamGone(): void {
    this.wasIdle = true;
    if (!this.isUnused || this.isOver) return;
    if (this.#isDraining) this.#end('was no longer wanted');
    else if (!this.#isProbing) this.#armIdleDeadline();
  }

  protected get lastPeerStream(): number {
    return 0;
  }

  #armIdleDeadline(): void {
    const { timeouts, connections } = this.#settings;
    this.deadlineMs = Math.min(performance.now() + timeouts.idleMs, this.#life.endMs(connections));
  }
}
