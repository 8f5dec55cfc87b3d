import type { BackendStream } from '../exchange/streams.ts';
import { streamRefused } from '../http1/backend-failures.ts';
import type { OpeningSocket } from '../http1/open-socket.ts';
import type { ClientSession } from '../http2/client-session.ts';
import type { UpstreamConfig } from '../shared/config-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import { Dial, WaitingStream, type DialOwner } from './dial.ts';

export interface SessionPoolSetup {
  readonly deadlines: Deadlines;
  readonly scheme: 'http' | 'https';
  /** How many connections the backend has besides those of the pool. */
  readonly otherConnections: () => number;
  /** The backend chose HTTP/1.1 for a connection that these wait for; null: it may not. */
  readonly onHttp1: ((socket: OpeningSocket, waiting: readonly WaitingStream[]) => void) | null;
}

/** The HTTP/2 connections to one backend, those that come about included. */
export class SessionPool implements DialOwner {
  readonly deadlines: Deadlines;
  readonly scheme: 'http' | 'https';
  readonly onHttp1: ((dial: Dial, socket: OpeningSocket) => void) | null;
  readonly #open: (preface: string | null) => OpeningSocket;
  readonly #otherConnections: () => number;
  readonly #sessions = new Set<ClientSession>();
  /** Those of one client alone, each for one attempt. */
  readonly #private = new Set<ClientSession>();
  readonly #dials = new Set<Dial>();
  #retired = false;

  constructor(open: (preface: string | null) => OpeningSocket, setup: SessionPoolSetup) {
    this.#open = open;
    this.deadlines = setup.deadlines;
    this.scheme = setup.scheme;
    this.#otherConnections = setup.otherConnections;
    const { onHttp1 } = setup;
    this.onHttp1 =
      onHttp1 === null
        ? null
        : (dial, socket) => {
            this.#dials.delete(dial);
            onHttp1(socket, [...dial.waiting]);
          };
  }

  get size(): number {
    return this.#sessions.size + this.#private.size + this.#dials.size;
  }

  get idle(): number {
    let idle = 0;
    for (const session of this.#sessions) if (session.isUnused) idle += 1;
    return idle;
  }

  /**
   * A stream of the oldest connection that has one to spare, so that those no longer needed fall idle; else one that
   * waits for a connection.
   * @param preface what a connection begins with, which makes it one client's alone; null: nothing
   * @returns null when all of as many connections as there may be are full
   */
  acquire(config: UpstreamConfig, preface: string | null): BackendStream | null {
    if (preface !== null) return this.#wait(this.#dial(config, preface));
    const { streams } = config.connections;
    let free = 0;
    let capacity = 0;
    let found: ClientSession | null = null;
    for (const session of this.#sessions) {
      if (session.isSpent) session.drain();
      const ofSession = session.freeStreams(streams);
      if (ofSession > 0) found ??= session;
      free += ofSession;
      capacity += session.capacity(streams);
    }
    if (found !== null) {
      // The next connection is there before the last stream is taken.
      if (free * 10 <= capacity && this.#dials.size === 0) this.#dial(config, null);
      return found.attempt(config);
    }
    for (const dial of this.#dials)
      if (!dial.isPrivate && dial.waiting.size < streams) return new WaitingStream(dial);
    return this.#wait(this.#dial(config, null));
  }

  /** Opens one ahead of any exchange. */
  warmUp(config: UpstreamConfig): void {
    this.#dial(config, null);
  }

  #wait(dial: Dial | null): WaitingStream | null {
    return dial === null ? null : new WaitingStream(dial);
  }

  #dial(config: UpstreamConfig, preface: string | null): Dial | null {
    const { max } = config.connections;
    if (max !== null && this.size + this.#otherConnections() >= max) return null;
    const dial = new Dial(this.#open(preface), config, this);
    this.#dials.add(dial);
    return dial;
  }

  onSession(dial: Dial, session: ClientSession): void {
    this.#dials.delete(dial);
    const peers = dial.isPrivate ? this.#private : this.#sessions;
    peers.add(session);
    session.wasIdle = dial.waiting.size === 0;
    if (session.capacity(1) === 0) {
      // Another connection would have no more to give.
      const error = streamRefused('the backend allows no streams');
      for (const waiting of dial.waiting) waiting.fail(error);
      session.drain();
      return;
    }
    for (const waiting of dial.waiting) {
      // The backend may allow fewer streams than wait.
      waiting.continueOn(dial.isPrivate ? session.attempt(dial.config) : this.acquire(dial.config, null));
    }
    if (this.#retired || dial.isPrivate) session.drain();
  }

  onSessionOver(session: ClientSession): void {
    this.#private.delete(session);
    this.#sessions.delete(session);
  }

  onDialFailed(dial: Dial, error: ProxyError): void {
    this.#dials.delete(dial);
    for (const waiting of dial.waiting) waiting.fail(error);
  }

  retire(): void {
    this.#retired = true;
    for (const session of this.#sessions) session.drain();
    for (const dial of this.#dials) dial.cancelUnwanted();
  }

  closeIdle(): void {
    for (const session of this.#sessions) if (session.isUnused) session.drain();
    for (const dial of this.#dials) dial.cancelUnwanted();
  }
}
