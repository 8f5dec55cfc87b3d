import type { Socket } from 'node:net';
import type { ProxyError } from '../shared/errors.ts';
import type { SocketInput } from '../shared/socket-input.ts';
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

/** An answer as it came from a backend, parsed and valid. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly framing: BodyFraming;
  readonly nominated: readonly string[] | null;
}

/**
 * A connection that is no longer read as HTTP. Who takes it over sets `input.receive` at once;
 * `readAhead`, what was read behind the head, is valid during the call that hands it over, like any piece of input.
 */
export interface RawConnection {
  readonly socket: Socket;
  readonly input: SocketInput;
  readonly readAhead: Buffer | null;
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
  /** Sends 101 with these fields and hands over the raw connection with what was read ahead; the stream is out of the game. */
  switchProtocols(reason: string, headers: HeaderList): RawConnection;
}

/** What a client stream tells its exchange. */
export interface ClientEvents {
  /** The client is gone, or broke the rules in mid-body; no answer can reach it. */
  onClientGone(error: ProxyError): void;
  onClientWritable(): void;
}

/** The backend's side of one attempt. */
export interface BackendStream {
  /** `head`: start line and fields, each line with its CRLF, without the empty line. With a framing other than 'none', sendData and sendEnd follow, if `expectsContinue` maybe not before a 100. */
  sendHead(head: string, framing: BodyFraming, expectsContinue: boolean): void;
  /** Is done with `piece` when it returns. False: the backend takes no more for now, `onBackendWritable` will be called. */
  sendData(piece: Buffer): boolean;
  sendEnd(trailers: HeaderList | null): void;
  flush(): void;
  pauseResponse(): void;
  resumeResponse(): void;
  /** Ends the attempt and its connection; no event follows. */
  abort(): void;
  /** After onSwitchProtocols: hands over the raw connection. */
  takeSocket(): RawConnection;
}

/** What a backend stream tells its attempt. */
export interface BackendEvents {
  /** The connection is up and sendHead may be called; at once, before `open` returns, on a pooled one. */
  onConnected(): void;
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
