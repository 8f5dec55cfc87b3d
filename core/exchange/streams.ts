import type { UpstreamConfig } from '../shared/config-types.ts';
import type { Client } from '../shared/client.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { TlsInfo } from '../shared/tls-info.ts';
import type { HeaderList } from './headers.ts';

/**
 * The seams between an exchange and the protocols on its two sides. HTTP/1.1 connections and
 * HTTP/2 streams implement them; the request path knows nothing else of either.
 */

/** How the end of a message body is known. */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** Answers only: the body ends with the connection (RFC 9112 6.3 rule 8). */
  | { readonly kind: 'until-close' };

export const NO_BODY: BodyFraming = { kind: 'none' };
export const CHUNKED_BODY: BodyFraming = { kind: 'chunked' };
export const UNTIL_CLOSE_BODY: BodyFraming = { kind: 'until-close' };

/** Whether anything follows the head. */
export function hasBody(framing: BodyFraming): boolean {
  return framing.kind !== 'none' && (framing.kind !== 'length' || framing.bytes > 0);
}

/** The connection that requests come over. */
export interface Peer extends Client {
  readonly tls?: PeerTls;
}

export function schemeOf(peer: Peer): 'http' | 'https' {
  return peer.tls === undefined ? 'http' : 'https';
}

/** What is known of a TLS connection; `text`: the same as JSON, for the rule sandbox. */
export interface PeerTls extends TlsInfo {
  readonly text: string;
}

/** A request as it came from the client, parsed and valid. */
export interface RequestHead {
  readonly method: string;
  /** Origin-form, or `*` for OPTIONS. */
  readonly target: string;
  /** Lower case with the port if one was sent; empty for HTTP/1.0 without Host. */
  readonly host: string;
  readonly version: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';
  readonly headers: HeaderList;
  readonly framing: BodyFraming;
  /** Lower-case field names that Connection nominated (RFC 9110 7.6.1), or null for none. */
  readonly nominated: readonly string[] | null;
  /** The protocol that the client asks to switch to, if it is one that we tunnel. */
  readonly upgrade: 'websocket' | null;
  readonly expectsContinue: boolean;
}

/** A request with what rules see of it besides. */
export interface ReceivedRequest {
  readonly head: RequestHead;
  /** The header lines as received: `name: value` joined by CRLF. */
  readonly fieldText: string;
}

/** An answer as it came from a backend, parsed and valid. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly framing: BodyFraming;
  readonly nominated: readonly string[] | null;
}

/** One end of a tunnel: a connection, or a stream of one, that is no longer read as HTTP. */
export interface TunnelEnd {
  /** What was read behind the head; valid during the call that hands the end over, like any piece of input. */
  readonly readAhead: Buffer | null;
  /** Takes it over: these hear of everything from now on. To be called before the event loop's next step. */
  open(events: TunnelEvents): void;
  /** Is done with `piece` when it returns. False: it takes no more for now, `onWritable` will be called. */
  write(piece: Buffer): boolean;
  /** Nothing follows in this direction. */
  end(): void;
  pause(): void;
  resume(): void;
  /** Ends it in both directions when what was written has left. */
  destroySoon(): void;
  /** At once, in both directions. */
  destroy(): void;
}

export interface TunnelEvents {
  /** `piece`: as for a BodyConsumer. */
  onData(piece: Buffer): void;
  /** The peer sends no more. */
  onEnd(): void;
  onWritable(): void;
  /** Both directions have ended, or (`failed`) the connection broke. Nothing follows. */
  onClose(failed: boolean): void;
}

/** A header field as HTTP/2 sends it: the name in lower case. */
export type FieldLine = readonly [name: string, value: string];

/** The head of a request as a backend is to get it, in the shape that the backend's protocol wants. */
export interface OutgoingRequest {
  /** HTTP/1.1: start line and fields, each line with its CRLF, without the empty line. */
  text(): string;
  /** HTTP/2: pseudo-header fields first (RFC 9113 8.3.1). */
  fields(scheme: 'http' | 'https'): FieldLine[];
}

/**
 * Takes a body in pieces. A piece is a view of the buffer that all sockets read into, valid
 * during the call only: who keeps it keeps a copy.
 */
export interface BodyConsumer {
  onBodyData(piece: Buffer): void;
  /** What was read so far is delivered: the time to write what was held back. */
  onBodyPause(): void;
  onBodyEnd(trailers: HeaderList | null): void;
  /** The sender failed in mid-body; nothing follows. */
  onBodyError(error: ProxyError): void;
}

/** What a listener allows its clients; read anew for each request, so that a reload reaches open connections. */
export interface ClientLimits {
  readonly headBytes: number;
  readonly headers: number;
  readonly targetBytes: number;
  readonly headerMs: number;
  readonly bodyMs: number;
  readonly idleMs: number;
  readonly writeMs: number;
}

/** The client's side of one exchange. */
export interface ClientStream {
  /** Begins to deliver the request body; called once, and never for a request without one. */
  readBody(consumer: BodyConsumer): void;
  pauseBody(): void;
  resumeBody(): void;
  sendInformational(status: number, reason: string, headers: HeaderList): void;
  /** `head` names only end-to-end fields; the stream adds framing and connection fields of its own protocol. */
  sendHead(head: ResponseHead): void;
  /** Is done with `piece` when it returns. False: the client takes no more for now, `onClientWritable` will be called. */
  sendData(piece: Buffer): boolean;
  sendEnd(trailers: HeaderList | null): void;
  /** Writes what was held back to leave in one piece. */
  flush(): void;
  /** The answer can not be completed: ends the stream so that the client sees it cut off. No event follows. */
  abort(): void;
  /** The answer that follows is the last one of this connection, which ends after it. */
  closeAfterAnswer(): void;
  /** Accepts the switch of protocols with these fields, and hands over what lies below; the stream is out of the game. */
  switchProtocols(reason: string, headers: HeaderList): TunnelEnd;
}

/** What a client stream tells its exchange. */
export interface ClientEvents {
  /** The client is gone, or broke the rules in mid-body; no answer can reach it. */
  onClientGone(error: ProxyError): void;
  onClientWritable(): void;
}

/** Who accepted a client's connection: the listener. */
export interface Acceptor {
  limits(): ClientLimits;
  /** Whether connections are to end after the exchanges under way. */
  readonly draining: boolean;
  readonly deadlines: Deadlines;
  /** Begins an exchange. */
  onRequest(peer: Peer, client: ClientStream, request: ReceivedRequest): ClientEvents;
  /** What came is no request: an exchange that only answers `error`. */
  onRefused(peer: Peer, client: ClientStream, error: ProxyError): ClientEvents;
  onClosed(peer: Peer): void;
}

/** What an upstream's config says of its connections. */
export type BackendSettings = Pick<UpstreamConfig, 'timeouts' | 'limits' | 'connections'>;

/** The backend's side of one attempt. */
export interface BackendStream {
  /** Whether its connection was idle before: a failure may then be an idle connection that the backend just closed. */
  readonly isReused: boolean;
  /** Whether it can turn out that the backend did nothing with a request of which some of the body was sent: it says so (HTTP/2), or nothing had left yet. */
  readonly mayGoUnread: boolean;
  /** Begins an attempt; `onConnected` follows, before this returns where the connection is up. */
  open(events: BackendEvents, method: string, settings: BackendSettings): void;
  /** With a framing other than 'none', sendData and sendEnd follow, if `expectsContinue` maybe not before a 100. */
  sendHead(head: OutgoingRequest, framing: BodyFraming, expectsContinue: boolean): void;
  /** Is done with `piece` when it returns. False: the backend takes no more for now, `onBackendWritable` will be called. */
  sendData(piece: Buffer): boolean;
  sendEnd(trailers: HeaderList | null): void;
  flush(): void;
  pauseResponse(): void;
  resumeResponse(): void;
  /** Ends the attempt and its connection; no event follows. */
  abort(): void;
  /** After onSwitchProtocols: hands over what lies below. */
  takeTunnelEnd(): TunnelEnd;
}

/** What a backend stream tells its attempt. */
export interface BackendEvents {
  /** The connection is up and `stream.sendHead` may be called. `stream`: to be used from now on; another one than was opened where the connection's protocol was found out only now. */
  onConnected(stream: BackendStream): void;
  onInformational(head: ResponseHead): void;
  onResponseHead(head: ResponseHead): void;
  /** A 101; `protocol` is its Upgrade field in lower case, or null where there was none. */
  onSwitchProtocols(head: ResponseHead, protocol: string | null): void;
  /** `piece`: as for a BodyConsumer. */
  onResponseData(piece: Buffer): void;
  /** The answer is complete. The connection belongs to its pool again, if it can be used again. */
  onResponseEnd(trailers: HeaderList | null): void;
  /** What was read so far is delivered: the time to write what was held back. */
  onReadPause(): void;
  onBackendWritable(): void;
  /** The attempt failed; nothing follows. */
  onBackendError(error: ProxyError): void;
}
