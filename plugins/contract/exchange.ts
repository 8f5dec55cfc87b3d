import type { TlsInfo } from '../../core/shared/tls-info.ts';
import type { PluginAnswer, PluginHeaders } from './message.ts';

/** Whose connection it is. The object is the same for all exchanges of a connection: state for one may hang on it by a WeakMap. */
export interface PluginConnection {
  /** Of the listener that accepted it. */
  readonly listener: string;
  /** That the listener speaks: over those other than `http` and `https` no requests come, and only `connect` and `tls` hooks are called. */
  readonly protocol: 'http' | 'https' | 'tcp' | 'tls' | 'udp';
  /** The peer's own address, or that which a trusted PROXY header gives; `unknown` for a Unix socket. */
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** null: not TLS, or before the handshake. */
  readonly tls: TlsInfo | null;
}

/** A connection that asks for TLS, before the handshake: what its ClientHello says. */
export interface PluginHandshake {
  readonly connection: PluginConnection;
  /** Lower case; null for none. */
  readonly serverName: string | null;
  readonly alpn: readonly string[];
}

export interface PluginRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly version: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';
  /**
   * Origin-form, as received or as a plugin before has set it. Setting it in a `request` hook is what later plugins, the rule
   * script, the routes and the backend see. Throws for what is no origin-form target.
   */
  target: string;
  /** The path of `target`, normalised, without the query. */
  readonly path: string;
  /** Of `target`, without `?`; empty for none. */
  readonly query: string;
  /** Lower case, with the port if one was sent. May be set, as `target`. */
  host: string;
  readonly headers: PluginHeaders;
  readonly hasBody: boolean;
  /** From Content-Length; null: unknown, or none. */
  readonly bodyLength: number | null;
}

export interface PluginResponse {
  status: number;
  readonly headers: PluginHeaders;
  /** Who made it: a backend, or Tidegate for a rule, a plugin or a failure. */
  readonly from: 'backend' | 'rule' | 'plugin' | 'proxy';
  /** Whether a body follows (not for HEAD, 204, 304). */
  readonly hasBody: boolean;
}

/** One request and its answer. */
export interface PluginExchange {
  /** As in the access log and in X-Request-ID. */
  readonly id: string;
  readonly connection: PluginConnection;
  /** The client's own: behind trusted proxies the one that X-Forwarded-For names. */
  readonly clientAddress: string;
  readonly request: PluginRequest;
  /** The upstream it goes to; null: not placed yet. */
  readonly upstream: string | null;
  /** The backend of the attempt, `host:port`; null before the pick. */
  readonly backend: string | null;
  /** In a `request` hook: sends it to this upstream unless the rule script forwards it elsewhere. Throws for an unknown name. */
  place(upstream: string): void;
  /** Ends it now with this answer, from any hook, a body transform too; once an answer has begun the exchange is cut off. */
  refuse(answer: PluginAnswer): void;
  /** Ends the client's connection (HTTP/2: the stream) without an answer. */
  abort(): void;
  /** Aborted when the exchange ends early: the client has gone. For what a hook waits for. */
  readonly signal: AbortSignal;
  /**
   * What a rule script reads as `req.variables.get(name)`, where it is called after this. Throws for more than 64 in an exchange,
   * or for more than 16 Ki characters in all of them.
   */
  setVariable(name: string, value: string | number | boolean): void;
  /** A field of its own in the access log entry, beside the rule's. */
  setLogField(name: string, value: string | number | boolean): void;
}

export interface PluginAnsweredExchange extends PluginExchange {
  readonly response: PluginResponse;
}

/** How it ended. */
export interface PluginFinishedExchange extends PluginExchange {
  /** null: no answer was sent. */
  readonly status: number | null;
  /** As in the access log (`connect-failed`, `client-abort`, …); null for none. */
  readonly error: string | null;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
}
