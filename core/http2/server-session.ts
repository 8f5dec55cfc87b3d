import type { Socket } from 'node:net';
import type {
  Acceptor,
  ClientEvents,
  ClientLimits,
  ClientStream,
  Peer,
  ReceivedRequest,
} from '../exchange/streams.ts';
import type { Http2Config } from '../shared/listener-types.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import { Http2Connection } from './connection.ts';
import type { ConnectionLimits } from './connection-state.ts';
import { connectionError, ErrorCode, type Http2Error } from './errors.ts';
import { PREFACE } from './frame-types.ts';
import { ServerStream, type ServerStreamOwner } from './server-stream.ts';
import { SettingId } from './settings.ts';
import type { Http2Stream } from './stream.ts';

/** The session's owner. */
export interface ServerSessionOwner extends Acceptor {
  http2Limits(): Http2Config;
  /** The client broke the rules of the connection, or flooded it, and it ends: for the log. */
  onSessionFailed(peer: Peer, error: Http2Error): void;
}

/** How long a connection that is over still takes (and drops) what the client sends, lest a reset destroy our last frames. */
const LINGER_MS = 2000;
/** How long a client may take to answer the PING between the two GOAWAY of a drain. */
const FAREWELL_MS = 1000;
const MAX_STREAM_ID = 2 ** 31 - 1;
const PING_PAYLOAD = Buffer.from('farewell');

/** The client's end of an HTTP/2 connection: makes an exchange of every stream. */
export class ServerSession extends Http2Connection implements ServerStreamOwner, Timed {
  deadlineMs = 0;
  readonly #peer: Peer;
  readonly #owner: ServerSessionOwner;
  readonly #beginMs = performance.now();
  /** How much of the preface has come (RFC 9113 3.4). */
  #prefaceBytes = 0;
  /** The last stream that was, or may have been, processed. */
  #lastStream = 0;
  /** The last one that the client opened. */
  #lastOpened = 0;
  #phase: 'open' | 'leaving' | 'left' | 'lingering' = 'open';
  #idleSinceMs = this.#beginMs;
  #midBlockSinceMs = 0;
  #stalledSinceMs = 0;
  #leavingSinceMs = 0;

  /** `input`: all that the socket reads, the preface included. */
  constructor(socket: Socket, input: SocketInput, peer: Peer, owner: ServerSessionOwner) {
    const { maxStreams, windowBytes, connectionWindowBytes } = owner.http2Limits();
    super(socket, {
      windowBytes,
      connectionWindowBytes,
      settings: [
        [SettingId.MaxConcurrentStreams, maxStreams],
        [SettingId.EnableConnectProtocol, 1],
      ],
    });
    this.#peer = peer;
    this.#owner = owner;
    this.begin(owner.limits().headBytes);
    this.#arm();
    owner.deadlines.add(this);
    input.receive = (piece) => this.#onInput(piece);
    socket.on('drain', () => {
      this.#stalledSinceMs = 0;
      this.onDrain();
      this.#arm();
    });
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => {}); // 'close' follows and says all that matters
    socket.on('close', () => this.#onClose());
    if (owner.draining) this.closeIfIdle();
  }

  // --- the listener's wishes -----------------------------------------------------------------

  /** Says that no new stream will be taken, waits for those that are on their way, and ends the connection after the last one. */
  closeIfIdle(): void {
    if (this.#phase !== 'open' || this.isOver) return;
    // RFC 9113 6.8: the first one promises nothing yet, so that no request which is on its way is lost.
    this.#phase = 'leaving';
    this.#leavingSinceMs = performance.now();
    this.outgoing.frames.goAway(MAX_STREAM_ID, ErrorCode.NoError, '');
    this.outgoing.frames.ping(PING_PAYLOAD, false);
    this.#arm();
  }

  destroy(): void {
    this.socket.destroy();
  }

  protected onPingAnswered(): void {
    if (this.#phase === 'leaving') this.#leave();
  }

  /** Takes no stream any more. */
  #leave(): void {
    this.#phase = 'left';
    this.outgoing.frames.goAway(this.#lastStream, ErrorCode.NoError, '');
    if (this.streams.size === 0) this.#linger();
  }

  /** Sends FIN and waits for the client's, dropping what it still sends. */
  #linger(): void {
    if (this.#phase === 'lingering') return;
    this.#phase = 'lingering';
    this.isOver = true;
    this.outgoing.frames.writeHeld();
    this.deadlineMs = performance.now() + this.#owner.limits().writeMs;
    this.socket.end(() => (this.deadlineMs = performance.now() + LINGER_MS));
    this.socket.resume();
  }

  // --- what is read --------------------------------------------------------------------------

  #onInput(piece: Buffer): void {
    if (this.isOver) return;
    let at = 0;
    while (this.#prefaceBytes < PREFACE.length && at < piece.length) {
      if (piece[at++] !== PREFACE.charCodeAt(this.#prefaceBytes++))
        return this.fail(connectionError(ErrorCode.ProtocolError, 'no HTTP/2 preface'));
    }
    if (at < piece.length) this.receive(at === 0 ? piece : piece.subarray(at));
  }

  protected onRead(): void {
    this.#arm();
  }

  protected isIdle(streamId: number): boolean {
    return streamId > this.#lastOpened || streamId % 2 === 0;
  }

  protected get lastPeerStream(): number {
    return this.#lastStream;
  }

  protected limits(): ConnectionLimits {
    const { headBytes, headers } = this.#owner.limits();
    return { headBytes, headers, floods: this.#owner.http2Limits().floods };
  }

  protected onNewStream(streamId: number): Http2Stream | null {
    if (streamId % 2 === 0)
      throw connectionError(ErrorCode.ProtocolError, 'a stream of ours, which we never opened');
    this.#lastOpened = streamId;
    if (this.#phase === 'left' || this.streams.size >= this.#owner.http2Limits().maxStreams) {
      // The last GOAWAY has named the last stream; one that we refuse may be tried elsewhere (RFC 9113 8.7).
      if (this.#phase !== 'left') this.#lastStream = streamId;
      this.refuseStream(streamId, ErrorCode.RefusedStream);
      return null;
    }
    this.#lastStream = streamId;
    const client = new ServerStream(this);
    const stream = this.addStream(streamId, client);
    client.attach(stream);
    return stream;
  }

  protected onStreamGone(): void {
    if (this.streams.size > 0) return;
    this.#idleSinceMs = performance.now();
    if (this.#phase === 'left' && !this.isOver) this.#linger();
    else if (this.#phase !== 'lingering') this.#arm();
  }

  protected onSettings(): void {}

  /** The client opens no more streams; when it has what it asked for it closes. */
  protected onGoAway(): void {}

  protected onFailed(error: Http2Error): void {
    this.#owner.onSessionFailed(this.#peer, error);
    this.#linger();
  }

  // --- for streams ---------------------------------------------------------------------------

  get deadlines(): Deadlines {
    return this.#owner.deadlines;
  }

  get streamLimits(): ClientLimits {
    return this.#owner.limits();
  }

  onRequest(client: ClientStream, request: ReceivedRequest): ClientEvents {
    return this.#owner.onRequest(this.#peer, client, request);
  }

  onRefused(client: ClientStream, error: ProxyError): ClientEvents {
    return this.#owner.onRefused(this.#peer, client, error);
  }

  // --- what befalls the socket ---------------------------------------------------------------

  /** A client that sends FIN has gone away, as with HTTP/1.1. */
  #onEnd(): void {
    if (this.isOver) this.socket.destroySoon();
    else {
      this.breakOff(ErrorCode.NoError, 'the client closed the connection');
      this.#linger();
      this.socket.destroySoon();
    }
  }

  #onClose(): void {
    this.#owner.deadlines.delete(this);
    if (!this.isOver) this.breakOff(ErrorCode.NoError, 'the connection broke');
    this.#owner.onClosed(this.#peer);
  }

  /** Finds the next deadline; the reasons for one are looked at again when it has come. */
  #arm(): void {
    if (this.isOver) return;
    const { headerMs, idleMs, writeMs } = this.#owner.limits();
    const now = performance.now();
    let first = Number.POSITIVE_INFINITY;
    if (!this.settingsAcknowledged) first = this.#beginMs + headerMs;
    if (this.#phase === 'leaving') first = Math.min(first, this.#leavingSinceMs + FAREWELL_MS);
    if (!this.isMidBlock) this.#midBlockSinceMs = 0;
    else {
      if (this.#midBlockSinceMs === 0) this.#midBlockSinceMs = now;
      first = Math.min(first, this.#midBlockSinceMs + headerMs);
    }
    if (this.socket.writableNeedDrain) {
      if (this.#stalledSinceMs === 0) this.#stalledSinceMs = now;
      first = Math.min(first, this.#stalledSinceMs + writeMs);
    }
    if (this.streams.size === 0) first = Math.min(first, this.#idleSinceMs + idleMs);
    this.deadlineMs = first === Number.POSITIVE_INFINITY ? 0 : first;
  }

  onDeadline(): void {
    if (this.isOver) {
      this.socket.destroy();
      return;
    }
    const { headerMs, idleMs, writeMs } = this.#owner.limits();
    const now = performance.now();
    const isDue = (sinceMs: number, ms: number): boolean => sinceMs !== 0 && sinceMs + ms <= now;
    if (!this.hasSettings && isDue(this.#beginMs, headerMs))
      this.fail(connectionError(ErrorCode.ProtocolError, `no SETTINGS within ${headerMs} ms`));
    else if (!this.settingsAcknowledged && isDue(this.#beginMs, headerMs))
      this.fail(connectionError(ErrorCode.SettingsTimeout, `no SETTINGS ACK within ${headerMs} ms`));
    else if (isDue(this.#midBlockSinceMs, headerMs))
      this.fail(connectionError(ErrorCode.ProtocolError, `no whole header block within ${headerMs} ms`));
    else if (isDue(this.#stalledSinceMs, writeMs) && this.socket.writableNeedDrain) {
      this.breakOff(ErrorCode.NoError, `the client took nothing for ${writeMs} ms`);
      this.socket.destroy();
    } else if (this.#phase === 'leaving' && isDue(this.#leavingSinceMs, FAREWELL_MS)) this.#leave();
    else if (this.streams.size === 0 && isDue(this.#idleSinceMs, idleMs)) this.#leave();
    this.#arm();
  }
}
