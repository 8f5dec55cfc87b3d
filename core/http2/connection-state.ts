import type { Socket } from 'node:net';
import { connectionError, ErrorCode, type Http2Error } from './errors.ts';
import { FloodGuard, type FloodKind, type FloodLimits } from './flood-guard.ts';
import type { Setting } from './frame-writer.ts';
import type { HeadLimits } from './header-block.ts';
import { IncomingWindow } from './incoming-window.ts';
import { Outgoing } from './outgoing.ts';
import { ResetStreams } from './reset-streams.ts';
import { PeerSettings, SettingId } from './settings.ts';
import { Http2Stream, type StreamConnection, type StreamEvents } from './stream.ts';

/** What one side allows the other. */
export interface ConnectionLimits extends HeadLimits {
  readonly floods: FloodLimits & { readonly continuations: number };
}

/** What is fixed for the life of a connection. */
export interface ConnectionSetup {
  /** The window that each stream is given. */
  readonly windowBytes: number;
  readonly connectionWindowBytes: number;
  /** Settings to be sent besides INITIAL_WINDOW_SIZE and MAX_HEADER_LIST_SIZE. */
  readonly settings: readonly Setting[];
}

/**
 * What a connection consists of besides the frames that it is sent (connection.ts): its streams, settings and windows,
 * the bounds on what a peer may do for nothing, and its end.
 */
export abstract class ConnectionState implements StreamConnection {
  readonly socket: Socket;
  readonly peer = new PeerSettings();
  protected readonly streams = new Map<number, Http2Stream>();
  protected readonly outgoing: Outgoing;
  protected readonly incoming: IncomingWindow;
  protected readonly resets = new ResetStreams();
  /** The connection has failed or is over: nothing is read any more. */
  protected isOver = false;
  readonly #setup: ConnectionSetup;
  readonly #floods = new FloodGuard();

  constructor(socket: Socket, setup: ConnectionSetup) {
    this.socket = socket;
    this.#setup = setup;
    this.outgoing = new Outgoing(socket);
    this.incoming = new IncomingWindow(this.outgoing.frames, setup.windowBytes, setup.connectionWindowBytes);
  }

  // --- what a session supplies ---------------------------------------------------------------

  /** Read anew for each header block and frame that counts. */
  protected abstract limits(): ConnectionLimits;
  /** The highest stream of the peer that was, or may have been, processed (RFC 9113 6.8). */
  protected abstract get lastPeerStream(): number;
  /** A stream has left `streams`. */
  protected abstract onStreamGone(stream: Http2Stream): void;
  /** The peer broke the rules of the connection. GOAWAY is written and every stream told; the socket is still to be ended. */
  protected abstract onFailed(error: Http2Error): void;

  // --- what a session uses -------------------------------------------------------------------

  /** Sends our settings; a client's preface comes before. */
  protected begin(maxHeaderListBytes: number): void {
    this.outgoing.frames.settings([
      ...this.#setup.settings,
      [SettingId.InitialWindowSize, this.#setup.windowBytes],
      [SettingId.MaxHeaderListSize, maxHeaderListBytes],
    ]);
    this.incoming.announce();
  }

  /** Makes a stream of ours or of the peer's. */
  protected addStream(id: number, events: StreamEvents): Http2Stream {
    const stream = new Http2Stream(
      this,
      this.outgoing,
      id,
      events,
      this.peer.windowBytes,
      this.#setup.windowBytes,
    );
    this.streams.set(id, stream);
    return stream;
  }

  /** Counts something that costs the peer next to nothing. @throws Http2Error ENHANCE_YOUR_CALM of the connection */
  protected count(kind: FloodKind): void {
    const limit = this.limits().floods[kind];
    if (this.#floods.exceeds(kind, limit, performance.now()))
      throw connectionError(ErrorCode.EnhanceYourCalm, `more than ${limit} ${kind} in a second`);
  }

  /** Refuses a stream that was not added; it counts as a reset. @throws Http2Error of the connection */
  protected refuseStream(id: number, code: ErrorCode): void {
    this.outgoing.frames.rstStream(id, code);
    this.resets.add(id);
    this.count('resets');
  }

  /** Ends every stream and says why. Only the first call does anything. */
  protected fail(error: Http2Error): void {
    if (this.isOver) return;
    this.outgoing.frames.goAway(this.lastPeerStream, error.code, error.message.slice(0, 200));
    this.breakOff(error.code, error.message);
    this.outgoing.frames.writeHeld();
    this.onFailed(error);
  }

  /** The connection is over: tells every stream. */
  protected breakOff(code: ErrorCode, message: string): void {
    this.isOver = true;
    for (const stream of this.streams.values()) stream.breakOff(code, 'connection', message);
  }

  // --- for streams ---------------------------------------------------------------------------

  writeReset(stream: Http2Stream, code: number): void {
    this.outgoing.frames.rstStream(stream.id, code);
    this.resets.add(stream.id);
  }

  giveWindow(stream: Http2Stream | null, bytes: number): void {
    if (!this.isOver) this.incoming.give(stream, bytes);
  }

  forget(stream: Http2Stream): void {
    this.streams.delete(stream.id);
    this.outgoing.forget(stream);
    this.onStreamGone(stream);
  }
}
