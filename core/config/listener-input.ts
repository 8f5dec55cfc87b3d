import type { RuleScriptConfig } from '../shared/listener-types.ts';
import type { Duration } from '../shared/duration.ts';
import type { Size } from '../shared/size.ts';
import type { TcpListenerInput, UdpListenerInput } from './layer4-input.ts';
import type { PluginInput } from './plugin-input.ts';
import type { TlsInput } from './tls-input.ts';

export type ListenerInput = HttpListenerInput | TcpListenerInput | UdpListenerInput;

export interface HttpListenerInput {
  /** A name of its own, for logs and status. */
  name: string;
  /** Default: `'http'`; `'https'` needs certificates: in `tls`, or at the top level. */
  protocol?: 'http' | 'https' | undefined;
  /** `'127.0.0.1:8080'`, `'[::]:80'`, `':8080'` (every interface), `'localhost:80'` or `'unix:/path'`. */
  address: string;
  /** IPv4 clients are not taken too, so that another listener may have `0.0.0.0` with the same port. Default: false. */
  ipv6Only?: boolean | undefined;
  /** The permissions of a Unix socket's file: `'0660'`. Who may write to it may connect. Default: what the umask leaves. */
  socketMode?: string | undefined;
  /** Certificates and the terms of TLS, with `protocol: 'https'`. */
  tls?: TlsInput | undefined;
  /** The rule script: its path, or an object with its settings. */
  rules?: string | RulesInput | undefined;
  /** A rule script to try beside the one that serves: its path, or an object with its settings. */
  shadow?: string | ShadowInput | undefined;
  /** What takes part in its exchanges, in the order of the way in. */
  plugins?: readonly PluginInput[] | undefined;
  /** Where requests go by host, path, method and headers. The most specific row wins, whatever the order. */
  routes?: readonly RouteInput[] | undefined;
  /** Where a request goes that no rule or route placed. Without it: 404. */
  upstream?: string | undefined;
  timeouts?:
    | {
        /** For a whole request head, from its first byte. Default: `'10s'`. */
        header?: Duration | undefined;
        /** Between two pieces of a request body. Default: `'30s'`. */
        body?: Duration | undefined;
        /** Between two requests of a connection; and for a plugin to be done with a hook, or with a piece of a body. Default: `'60s'`. */
        idle?: Duration | undefined;
        /** For a client that takes none of an answer. Default: `'60s'`. */
        write?: Duration | undefined;
      }
    | undefined;
  limits?:
    | {
        /** A request head, start line included. Default: `'32KiB'`. */
        head?: Size | undefined;
        /** Header lines of a request. Default: 100. */
        headers?: number | undefined;
        /** The request target (path and query). Default: `'8KiB'`. */
        target?: Size | undefined;
        /** A request body. Default: `'none'`. */
        body?: Size | 'none' | undefined;
        /** Client connections of the listener, shared out evenly over the workers. Default: 20000. */
        connections?: number | undefined;
        /** Connections from one client address. Default: `'none'`. */
        connectionsPerClient?: number | 'none' | undefined;
      }
    | undefined;
  webSocket?:
    | {
        /** One over which nothing comes for so long is closed; with `ping`, one of which either end is silent for so long. Default: `'1h'`. */
        idle?: Duration | undefined;
        /** An end from which nothing has come for so long is sent a ping. Default: `'none'`. */
        ping?: Duration | 'none' | undefined;
        /** Open WebSockets of the listener, shared out evenly over the workers; more are answered 503. Default: `'none'`. */
        connections?: number | 'none' | undefined;
        /** How long one may go on when its listener or backend is taken out, or Tidegate stops, before it is closed with code 1001. Default: `'10s'`. */
        drainTimeout?: Duration | undefined;
      }
    | undefined;
  /** HTTP/2 beside HTTP/1.1, from clients that begin with it (prior knowledge), and by ALPN with `https`; true or its bounds. Default: true with `https`, false without. */
  http2?: boolean | Http2Input | undefined;
  /** What is said to backends about the client, and which proxies before this one are believed. */
  forwarded?:
    | {
        /**
         * CIDRs of the proxies whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed; `'unix:'` stands for
         * every peer on a Unix socket. Default: none.
         */
        trust?: readonly string[] | undefined;
        /** Send `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`. Default: true. */
        xForwarded?: boolean | undefined;
        /** Send `Forwarded` (RFC 7239). Default: true. */
        forwarded?: boolean | undefined;
        /** Send `Via`. Default: true. */
        via?: boolean | undefined;
        /** Send `X-Request-Id`. Default: true. */
        requestId?: boolean | undefined;
        /** Send `X-Client-Cert-Subject` and `X-Client-Cert-Fingerprint` of the client's certificate. Default: false. */
        clientCertificate?: boolean | undefined;
      }
    | undefined;
  /**
   * Own error pages by status (`404`), class (`'5xx'`) or `default`: a file, or one for each format.
   * `{status}`, `{reason}` and `{requestId}` in them are filled in.
   */
  errorPages?: Readonly<Record<string, string | ErrorPageInput>> | undefined;
  /** Every connection begins with a PROXY protocol header, version 1 or 2, which names the client. */
  proxyProtocol?: ProxyProtocolInput | undefined;
  /** Bytes in a second, in each direction: `'10MiB/s'` of the whole listener, or an object. Default: as fast as it goes. */
  bandwidth?: BandwidthInput | undefined;
  /**
   * Answers every request with a redirect to https, ahead of rules and routes; not those for
   * `/.well-known/acme-challenge/*`. Only with `protocol: 'http'`. Default: false.
   */
  redirectToHttps?: boolean | HttpsRedirectInput | undefined;
  /** Adds `Strict-Transport-Security` to every answer, in place of what a backend sends. Only with `protocol: 'https'`. Default: false. */
  hsts?: boolean | HstsInput | undefined;
}

export interface ProxyProtocolInput {
  /** CIDRs of the proxies that connect here; connections from anywhere else are closed. Not needed on a Unix socket. */
  trust?: readonly string[] | undefined;
  /** For the whole header. Default: `'5s'`. */
  timeout?: Duration | undefined;
}

/** `listener`: of all its connections together; each gets its part. `connection`: of each connection. */
export type BandwidthInput = Rate | { listener?: Rate | undefined; connection?: Rate | undefined };

/** Bytes in a second: `'10MiB/s'`. */
export type Rate = `${Size}/s`;

export interface HttpsRedirectInput {
  /** Default: 308, which keeps the method and the body, as 307 does; 308 and 301 are remembered by browsers. */
  status?: 301 | 302 | 307 | 308 | undefined;
  /** Default: 443, or the port of the https listener where none has 443. */
  port?: number | undefined;
  /** Paths that are served over HTTP: `'/exact'` or `'/prefix/*'`. */
  except?: readonly string[] | undefined;
}

export interface HstsInput {
  /** How long browsers remember it; `'0s'` makes them forget. Default: `'365d'`. */
  maxAge?: Duration | undefined;
  /** It holds for all names below, too. Default: false. */
  includeSubDomains?: boolean | undefined;
  /** The name may be built into browsers; wants `includeSubDomains` and a year of `maxAge` at least. Default: false. */
  preload?: boolean | undefined;
}

export interface Http2Input {
  /** Requests under way on one connection. Default: 100. */
  maxStreams?: number | undefined;
  /** How much of one request body a client may send ahead of its backend. Default: `'64KiB'`. */
  window?: Size | undefined;
  /** The same for all request bodies of one connection together. Default: `'1MiB'`. */
  connectionWindow?: Size | undefined;
  /** How many of these in a second, on one connection, end it. */
  floods?:
    | {
        /** Streams that the client resets, or makes us refuse or reset. Default: 200. */
        resets?: number | undefined;
        /** PING frames. Default: 20. */
        pings?: number | undefined;
        /** SETTINGS frames behind the first one. Default: 20. */
        settings?: number | undefined;
        /** DATA without content, PRIORITY, unknown types, small WINDOW_UPDATE. Default: 1000. */
        emptyFrames?: number | undefined;
        /** CONTINUATION frames of one header block. Default: 8. */
        continuations?: number | undefined;
      }
    | undefined;
}

export interface RulesInput {
  /** Path of the script. */
  script: string;
  /** How long one call into the script may take. Default: `'10ms'`. */
  timeLimit?: Duration | undefined;
  /** The heap of the script's isolate in each worker; at least `'8MiB'`. Default: `'32MiB'`. */
  memoryLimit?: Size | undefined;
  /** When the script fails: `'deny'` (the default) answers 500, `'next'` goes on as if it had decided nothing. */
  onError?: RuleScriptConfig['onError'] | undefined;
}

export interface ShadowInput {
  /** Path of the script. */
  script: string;
  /** The share of the requests that it is asked about, above 0 to 1. Default: 1. */
  sample?: number | undefined;
  /** How long it may run in each second, in each worker. Default: `'100ms'`. */
  budget?: Duration | undefined;
  /** How long one call into it may take. Default: `'10ms'`. */
  timeLimit?: Duration | undefined;
  /** The heap of its isolate in each worker; at least `'8MiB'`. Default: `'32MiB'`. */
  memoryLimit?: Size | undefined;
}

/** A field that is left out matches everything. */
export interface RouteInput {
  /** `'api.example.com'`, or `'*.example.com'` for every name below. */
  host?: string | undefined;
  /** `'/exact'`, or `'/prefix/*'` for everything below. */
  path?: string | undefined;
  /** The only method that matches. Not together with `methods`. */
  method?: string | undefined;
  /** The methods that match. */
  methods?: readonly string[] | undefined;
  /** Headers that the request must have: name → exact value, or true for any value. */
  headers?: Readonly<Record<string, string | true>> | undefined;
  /** Where matching requests go. */
  upstream: string;
  /** What takes part in the exchanges of matching requests, behind the rule script. */
  plugins?: readonly PluginInput[] | undefined;
}

export interface ErrorPageInput {
  /** The page for clients that accept HTML. */
  html?: string | undefined;
  /** The page for clients that prefer JSON. */
  json?: string | undefined;
}
