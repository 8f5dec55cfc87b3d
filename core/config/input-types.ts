import type {
  AccessLogConfig,
  LogConfig,
  RuleScriptConfig,
  SchedulerName,
  UpstreamConfig,
  UpstreamTlsConfig,
  TlsConfig,
} from '../shared/config-types.ts';
import type { Duration } from '../shared/duration.ts';
import type { ProbeConfig } from '../shared/health-types.ts';
import type { Size } from '../shared/size.ts';
import type { TlsPolicy } from '../shared/tls-policy.ts';

/**
 * What `defineConfig` takes: the config as its author writes it. `schema.ts` checks the same shape when
 * the file is loaded. Paths are relative to the config file.
 */
export interface ConfigInput {
  /** The JSON schema, for editors; otherwise ignored. */
  $schema?: string | undefined;
  /** The addresses that clients connect to; at least one. */
  listeners: readonly ListenerInput[];
  /** Named groups of backends: name → upstream. */
  upstreams?: Readonly<Record<string, UpstreamInput>> | undefined;
  /** Named address lists for rules, name → CIDRs: `{ office: ['10.0.0.0/8'] }` for `req.client.in('office')`. */
  lists?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Worker processes; `'auto'` (the default) is one for each core. */
  workers?: number | 'auto' | undefined;
  /** The admin API, besides the local control socket. */
  admin?: { address: string } | undefined;
  /** The user that workers run as, when started as root. */
  user?: string | undefined;
  /** The group that workers run as. Default: the user's own. */
  group?: string | undefined;
  /** How long running exchanges may take to end at a shutdown. Default: `'30s'`. */
  shutdownTimeout?: Duration | undefined;
  /** A worker that has answered nothing for this long is killed and replaced; at least a second. Default: `'10s'`. */
  workerTimeout?: Duration | undefined;
  log?: LogInput | undefined;
}

export interface ListenerInput {
  /** A name of its own, for logs and status. */
  name: string;
  /** Default: `'http'`; `'https'` needs `tls`. */
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
        /** Between two requests of a connection. Default: `'60s'`. */
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
  proxyProtocol?:
    | {
        /** CIDRs of the proxies that connect here; connections from anywhere else are closed. Not needed on a Unix socket. */
        trust?: readonly string[] | undefined;
        /** For the whole header. Default: `'5s'`. */
        timeout?: Duration | undefined;
      }
    | undefined;
  /**
   * Answers every request with a redirect to https, ahead of rules and routes; not those for
   * `/.well-known/acme-challenge/*`. Only with `protocol: 'http'`. Default: false.
   */
  redirectToHttps?: boolean | HttpsRedirectInput | undefined;
  /** Adds `Strict-Transport-Security` to every answer, in place of what a backend sends. Only with `protocol: 'https'`. Default: false. */
  hsts?: boolean | HstsInput | undefined;
}

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

export interface TlsInput {
  /** Which one a client gets, the name it asks for (SNI) decides: exact before wildcard before `default`. */
  certificates: readonly CertificateInput[];
  /** The name whose certificate clients get that ask for an unknown name or for none. Default: the first certificate. */
  default?: string | undefined;
  /** What a client gets that asks for an unknown name: the default certificate, or a TLS alert. Default: `'default'`. */
  unknownNames?: TlsConfig['unknownNames'] | undefined;
  /** Versions, cipher suites and groups: as Mozilla recommends, or your own. Default: `'intermediate'`. */
  policy?: 'modern' | 'intermediate' | TlsPolicyInput | undefined;
  /** Clients are asked for a certificate of their own; `ca`: path of the authorities that it must come from, PEM. */
  clientCertificates?: { mode: 'require' | 'optional'; ca: string } | undefined;
  /** For a whole TLS handshake. Default: `'10s'`. */
  handshakeTimeout?: Duration | undefined;
  /** Handshakes under way in a worker. Default: 500. */
  maxHandshakes?: number | undefined;
  /** How long a key for session tickets is used; at least a minute. Default: `'12h'`. */
  ticketRotation?: Duration | undefined;
  /** Certificates that a worker keeps ready for use. Default: 1000. */
  cache?: number | undefined;
}

export interface CertificateInput {
  /** Path of the certificate with its chain, PEM. */
  cert: string;
  /** Path of its private key, PEM. */
  key: string;
  /** The names that it serves. Default: the DNS names in the certificate. */
  names?: readonly string[] | undefined;
}

export interface TlsPolicyInput {
  /** Default: `'TLSv1.2'`. */
  minVersion?: TlsPolicy['minVersion'] | undefined;
  /** Default: `'TLSv1.3'`. */
  maxVersion?: TlsPolicy['maxVersion'] | undefined;
  /** By OpenSSL's names. Default: those of `'intermediate'`. */
  ciphers?: readonly string[] | undefined;
  /** Key exchange groups by OpenSSL's names. Default: those of `'intermediate'`. */
  groups?: readonly string[] | undefined;
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
}

export interface ErrorPageInput {
  /** The page for clients that accept HTML. */
  html?: string | undefined;
  /** The page for clients that prefer JSON. */
  json?: string | undefined;
}

export interface UpstreamInput {
  /** How the backend for a request is picked. Default: `'round-robin'`. */
  scheduler?: SchedulerName | undefined;
  /** The addresses that serve it; at least one. */
  backends: readonly BackendInput[];
  /** How often host names of `backends` are resolved again; at least a second. Default: the TTL of the answer, from `'1s'` to `'5m'`. */
  resolveInterval?: Duration | undefined;
  /**
   * What is spoken to backends. `'h2'`: HTTP/2 over TLS. `'h2c'`: HTTP/2 without TLS. `'auto'`: over TLS, HTTP/2 or HTTP/1.1 as
   * the backend chooses. Default: `'http1'`.
   */
  protocol?: UpstreamConfig['protocol'] | undefined;
  /** TLS to the backends: true, or an object with its settings. Default: false. */
  tls?: boolean | UpstreamTlsInput | undefined;
  timeouts?:
    | {
        /** To connect, TLS handshake included. Default: `'5s'`. */
        connect?: Duration | undefined;
        /** To the answer's head, and between two pieces of it. Default: `'60s'`. */
        response?: Duration | undefined;
        /** How long a pooled connection is kept unused. Default: `'60s'`. */
        idle?: Duration | undefined;
      }
    | undefined;
  limits?:
    | {
        /** The head of an answer, start line included. Default: `'64KiB'`. */
        head?: Size | undefined;
        /** Header lines of an answer. Default: 200. */
        headers?: number | undefined;
      }
    | undefined;
  /** How backends are probed; false: not at all. Default: `{ type: 'tcp' }`. */
  healthCheck?: false | HealthCheckInput | undefined;
  /** When a backend is left out because of what happens to requests; false: never. Default: `{}`. */
  passiveHealth?: false | PassiveHealthInput | undefined;
  retries?:
    | {
        /** Attempts in all, the first included. Default: 2. */
        attempts?: number | undefined;
      }
    | undefined;
  /** The connection pool. */
  connections?:
    | {
        /** To one backend from one worker, in use and idle. Default: `'none'`. */
        max?: number | 'none' | undefined;
        /** Kept idle to one backend by one worker. Default: 256. */
        maxIdle?: number | undefined;
        /** Requests at a time on one HTTP/2 connection; a backend may allow fewer. Default: 100. */
        streams?: number | undefined;
      }
    | undefined;
  /** Connections to backends begin with a PROXY protocol header that names the client. Each is for one request then. */
  proxyProtocol?: 'v1' | 'v2' | undefined;
}

export interface HealthCheckInput {
  /** What is done. Default: `'tcp'`. */
  type?: ProbeConfig['type'] | undefined;
  /** From one check to the next; at least `'100ms'`. Default: `'5s'`. */
  interval?: Duration | undefined;
  /** Each interval is longer or shorter by up to this share, from 0 to 0.5. Default: 0.1. */
  jitter?: number | undefined;
  /** For a whole check. Default: as long as `interval`, at most `'2s'`. */
  timeout?: Duration | undefined;
  /** Good checks in a row that bring a backend up. Default: 2. */
  rise?: number | undefined;
  /** Bad checks in a row that take it down. Default: 2. */
  fall?: number | undefined;
  /**
   * In place of `interval` while a backend is down, or its last check spoke against its state; at least `'50ms'`. Default: a third of
   * `interval`, from `'50ms'` to `'1s'`.
   */
  fastInterval?: Duration | undefined;
  /** The port to check. Default: the backend's own. */
  port?: number | undefined;
  /** The local IP address that checks come from. Default: as the system chooses. */
  sourceAddress?: string | undefined;
  /** With `http`, `https`, `h2`. Default: `'GET'`. */
  method?: string | undefined;
  /** With `http`, `https`, `h2`, `websocket`. Default: `'/'`. */
  path?: string | undefined;
  /** With `http`, `https`, `h2`, `grpc`, `websocket`. Default: the backend's address. */
  host?: string | undefined;
  /** With `http`, `https`, `h2`, `websocket`: sent besides. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** With `http`, `https`, `h2`: the statuses that are good: `200` or `'200-399,404'`. Default: `'200-399'`. */
  status?: string | number | undefined;
  /** With `http`, `https`, `h2`: what the first 64 KiB of the body have to hold. */
  body?: string | undefined;
  /** With `http`, `https`, `h2`: the member of a JSON answer that the `dynamic-ratio` scheduler takes for the weight: `'load.weight'`. */
  weightField?: string | undefined;
  /** With `grpc`: the service that is asked for. Default: the server as a whole. */
  service?: string | undefined;
  /** With `tcp`, `tls`, `udp`, `agent`: what is sent; a character up to `\xff` is one byte. */
  send?: string | undefined;
  /** With `tcp`, `tls`, `udp`: what the answer has to hold. */
  expect?: string | undefined;
  /** With `command`: program and arguments, started without a shell. */
  command?: readonly string[] | undefined;
}

export interface PassiveHealthInput {
  /** Failed attempts in a row that eject a backend. Default: 3. */
  failures?: number | undefined;
  /** The share of failed attempts and 5xx answers in `window` that ejects it. Default: 0.5. */
  errorRatio?: number | undefined;
  /** How many requests there must have been in `window` for `errorRatio` to count. Default: 20. */
  minRequests?: number | undefined;
  /** What `errorRatio` looks at. Default: `'10s'`. */
  window?: Duration | undefined;
  /** How long a backend is left out at first; each time after that for twice as long. Default: `'5s'`. */
  ejection?: Duration | undefined;
  /** The longest that grows to. Default: `'5m'`. */
  maxEjection?: Duration | undefined;
  /** When more than this share of the usable backends is ejected, all of them are used. Default: 0.5. */
  maxEjected?: number | undefined;
}

export interface UpstreamTlsInput {
  /** PEM file of the certificates to trust. Default: those that Node trusts. */
  ca?: string | undefined;
  /** Whether a backend has to prove its name. Default: true. */
  verify?: boolean | undefined;
  /** The name to ask for (SNI) and to be proved. Default: the host of the backend's address. */
  serverName?: string | undefined;
  /** PEM file of a certificate to show to backends that ask for one. */
  cert?: string | undefined;
  /** PEM file of its key. */
  key?: string | undefined;
  /** Default: `'TLSv1.2'`. */
  minVersion?: UpstreamTlsConfig['minVersion'] | undefined;
}

export interface BackendInput {
  /** `'10.0.0.1:8080'`, `'[fd00::1]:8080'`, `'api.internal:9000'` or `'unix:/path'`. */
  address: string;
  /** Its share of the requests, 0 to 65535; 0 takes no new one. Default: 1. */
  weight?: number | undefined;
}

export interface LogInput {
  /** The least level that is logged. Default: `'info'`. */
  level?: LogConfig['level'] | undefined;
  /** The application log. Default: standard output. */
  file?: string | undefined;
  /** The access log; true: JSON on standard output. Default: false. */
  access?: boolean | AccessLogInput | undefined;
  /** The log of what happens to the health of backends. Default: true. */
  health?: boolean | HealthLogInput | undefined;
}

export interface HealthLogInput {
  /** A file for each day is written there. Default: in the system's folder for the state of programs. */
  folder?: string | undefined;
  /** Log every check, not changes alone. Default: false. */
  checks?: boolean | undefined;
  /** How long files are kept. Default: `'3d'`. */
  keep?: Duration | undefined;
}

export interface AccessLogInput {
  /** Default: `'json'`. */
  format?: AccessLogConfig['format'] | undefined;
  /** Default: standard output. */
  file?: string | undefined;
}
