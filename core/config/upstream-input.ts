import type {
  BackendState,
  SchedulerName,
  UpstreamConfig,
  UpstreamTlsConfig,
} from '../shared/config-types.ts';
import type { Duration } from '../shared/duration.ts';
import type { RetryCause } from '../shared/retry-types.ts';
import type { Size } from '../shared/size.ts';
import type { PluginInput } from './plugin-input.ts';
import type { HealthCheckInput, PassiveHealthInput } from './health-input.ts';
import type { StickyInput } from './sticky-input.ts';
import type { TlsPolicyInput } from './tls-input.ts';

export interface UpstreamInput {
  /** How the backend for a request is picked: a name, or an object with its settings. Default: `'weighted-round-robin'`. */
  scheduler?: SchedulerName | SchedulerInput | undefined;
  /** The addresses that serve it; at least one. */
  backends: readonly BackendInput[];
  /** With fewer backends available in the groups in use, the next one by `priority` is used besides. Default: 1. */
  minAvailable?: number | undefined;
  /** How long the share of a backend grows, from a tenth to all of its `weight`, when it joins or comes back; not with `'round-robin'`. Default: not at all. */
  slowStart?: Duration | undefined;
  /** Requests and WebSockets at a time at one backend, of which each worker gets an equal share; others wait. Default: `'none'`. */
  maxConnections?: number | 'none' | undefined;
  /** For requests that find all backends at `maxConnections`. */
  queue?:
    | {
        /** How many may wait in one worker; more are answered with 503. Default: 1000. */
        length?: number | undefined;
        /** How long one may wait; then it is answered with 503. Default: `'5s'`. */
        timeout?: Duration | undefined;
      }
    | undefined;
  /** Clients come back to the backend that served them first. Default: they do not. */
  sticky?: StickyInput | undefined;
  /** How often host names of `backends` are resolved again; at least a second. Default: the TTL of the answer, from `'1s'` to `'5m'`. */
  resolveInterval?: Duration | undefined;
  /**
   * What is spoken to backends. `'h2'`: HTTP/2 over TLS. `'h2c'`: HTTP/2 without TLS. `'auto'`: over TLS, HTTP/2 or HTTP/1.1 as
   * the backend chooses. Default: `'http1'`.
   */
  protocol?: UpstreamConfig['protocol'] | undefined;
  /** Whose port is connected to: the backend's own, or (`'listener'`) the one that the client connected to. Default: `'backend'`. */
  port?: UpstreamConfig['port'] | undefined;
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
  /** How backends are probed; false: not at all. Default: `{ type: 'tcp' }`; `{ type: 'udp' }` where only UDP listeners have the upstream. */
  healthCheck?: false | HealthCheckInput | undefined;
  /** When a backend is left out because of what happens to requests; false: never. Default: `{}`. */
  passiveHealth?: false | PassiveHealthInput | undefined;
  retries?:
    | {
        /** Attempts in all, the first included; backends that refuse a connection may be followed by others beyond that, unless it is 1. Default: 2. */
        attempts?: number | undefined;
        /** What leads to another attempt; numbers are statuses of answers. Default: `['connect-failure', 'reset', 'timeout', 'refused-stream']`. */
        on?: readonly (RetryCause | number)[] | undefined;
        /** How many of the requests may be tried again. */
        budget?:
          | {
              /** Of the requests of the last ten seconds, 0 to 1. Default: 0.2. */
              share?: number | undefined;
              /** So many a second whatever the share, in each worker. Default: 10. */
              minPerSecond?: number | undefined;
            }
          | 'none'
          | undefined;
        /** A request body up to this size is kept until the answer begins, so that it can be sent again. Default: `'64KiB'`. */
        body?: Size | undefined;
        /** Ask a second backend when the first has not answered for a while: GET, HEAD and OPTIONS without a body. Default: false. */
        hedge?: false | { after: Duration } | undefined;
      }
    | undefined;
  /** Keep all requests from a backend that fails, for a time. Default: false. */
  circuitBreaker?: false | CircuitBreakerInput | undefined;
  /** The upstream that a request goes to when no backend of this one takes requests, or all attempts have failed. */
  fallback?: string | undefined;
  /** The connection pool. */
  connections?:
    | {
        /** To one backend from one worker, in use and idle. Default: `'none'`. */
        max?: number | 'none' | undefined;
        /** Kept idle to one backend by one worker. Default: 256. */
        maxIdle?: number | undefined;
        /** Requests at a time on one HTTP/2 connection; a backend may allow fewer. Default: 100. */
        streams?: number | undefined;
        /** So many are opened, and kept open, to each backend that takes requests, ahead of any request. Default: 0. */
        warmUp?: number | undefined;
        /** A connection that is older takes no more requests. Default: `'none'`. */
        maxAge?: Duration | 'none' | undefined;
        /** A connection that has carried so many takes no more. Default: `'none'`. */
        maxRequests?: number | 'none' | undefined;
      }
    | undefined;
  /** Connections to backends begin with a PROXY protocol header that names the client. Each is for one request then. */
  proxyProtocol?: 'v1' | 'v2' | undefined;
  /** What takes part in its exchanges, behind the plugins of the listener and the route. */
  plugins?: readonly PluginInput[] | undefined;
}

export interface CircuitBreakerInput {
  /** Failed attempts and 5xx answers in a row that open it. Default: 5. */
  failures?: number | undefined;
  /** The share of them among the requests of `window` that opens it. Default: 0.5. */
  errorRatio?: number | undefined;
  /** How many requests there must have been in `window` for `errorRatio` to count. Default: 20. */
  minRequests?: number | undefined;
  /** What `errorRatio` looks at. Default: `'10s'`. */
  window?: Duration | undefined;
  /** How long no request goes to the backend. Default: `'5s'`. */
  openFor?: Duration | undefined;
  /** So many requests at a time try the backend then; when as many have succeeded, it closes. Default: 1. */
  halfOpen?: number | undefined;
}

export interface SchedulerInput {
  type: SchedulerName;
  /**
   * What the backend depends on, for `'key-modulo'`, `'key-ranges'`, `'consistent-hash'` and `'maglev'`: `'source'` (the client's
   * address), `'uri'`, `'path'`, `'query(name)'`, `'header(name)'`, `'cookie(name)'`, `'rdp-cookie(name)'` (at TCP listeners), or `'rule'` (only what rules set by
   * `forward(upstream, { key })`).
   */
  key?: string | undefined;
  /** Of a key with `{…}` in it only that counts. Default: false. */
  subKey?: boolean | undefined;
  /** No backend gets more than so many times its share of the requests under way, 1.01 to 100; with `'consistent-hash'` and `'maglev'`. */
  bounded?: number | undefined;
  /** Entries of the table of `'maglev'`: a prime number, at least a hundred times the backends. Default: 65537. */
  table?: number | undefined;
  /** Of `'key-ranges'`. A key in none of them goes to any backend. */
  ranges?: readonly KeyRangeInput[] | undefined;
  /** The answer header in which backends report their weight, for `'dynamic-ratio'`. */
  header?: string | undefined;
}

export interface KeyRangeInput {
  /** The lowest key: numbers in all ranges, or texts in all. Default: no lower bound. */
  from?: number | string | undefined;
  /** The first key behind the range. Default: no upper bound. */
  to?: number | string | undefined;
  /** Addresses of backends, written as in `backends`. */
  backends: readonly string[];
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
  /** As for listeners. Default: all that Node allows from `minVersion` on. */
  policy?: 'modern' | 'intermediate' | TlsPolicyInput | undefined;
  /** Where there is no `policy`. Default: `'TLSv1.2'`. */
  minVersion?: UpstreamTlsConfig['minVersion'] | undefined;
}

/** One of `address` and `upstream` is required. */
export interface BackendInput {
  /** `'10.0.0.1:8080'`, `'[fd00::1]:8080'`, `'api.internal:9000'` or `'unix:/path'`. */
  address?: string | undefined;
  /** In the place of `address`: another upstream, which picks among its own backends, by its own settings. */
  upstream?: string | undefined;
  /** Its share of the requests, 0 to 65535; 0 takes no new one. Default: 1, or that of the backend in `backupFor`. */
  weight?: number | undefined;
  /** `'drain'`: no new request but those of sticky clients. `'maintenance'`: none at all, and its WebSockets are closed. Default: `'ready'`. */
  state?: BackendState | undefined;
  /** Its group, 0 to 1000: 0 is used first, the next one where fewer than `minAvailable` are available. Default: 0. */
  priority?: number | undefined;
  /** Requests and WebSockets at a time, instead of the `maxConnections` of the upstream. */
  maxConnections?: number | undefined;
  /** It is in the last group of all. Default: false. */
  backup?: boolean | undefined;
  /** The `address` of another backend of this upstream, in whose place it takes requests while that one takes none. It is not health-checked. */
  backupFor?: string | undefined;
}
