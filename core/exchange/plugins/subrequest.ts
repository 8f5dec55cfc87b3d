import type { PluginContext, PluginSubrequest } from '../../../plugins/contract/context.ts';
import type { ConnectionPools } from '../../forward/connections.ts';
import type { Tunnels } from '../../forward/tunnels.ts';
import { isAll, TARGET, TOKEN } from '../../http1/characters.ts';
import { parseAuthority } from '../../http1/request-target.ts';
import type { HttpListenerConfig } from '../../shared/listener-types.ts';
import type { Logger } from '../../shared/log.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import { compileTrust, NO_ADDRESS } from '../client-address.ts';
import { Exchange } from '../exchange.ts';
import { ListenerCounters, type ListenerService } from '../listener-service.ts';
import { RequestPath } from '../pipeline.ts';
import { RouteTable } from '../routes.ts';
import { ServiceUsage } from '../service-usage.ts';
import { CHUNKED_BODY, NO_BODY, type BodyFraming, type Peer, type RequestHead } from '../streams.ts';
import { MemoryClient } from './memory-client.ts';
import { fieldsOf } from './plugin-headers.ts';

/** What requests of plugins need of the worker. */
export interface SubrequestParts {
  /** Those of the live snapshot. */
  readonly upstreams: () => ReadonlyMap<string, Upstream>;
  readonly pools: ConnectionPools;
  readonly tunnels: Tunnels;
  readonly log: Logger;
}

export type SubrequestSender = PluginContext['request'];

/** Whoever asks hears of each; a plugin may send thousands of requests to an upstream that is away. */
const FAILURES_LOGGED_PER_SECOND = 10;

/** Nobody that has an address. */
const PEER: Peer = {
  address: NO_ADDRESS,
  port: 0,
  localAddress: NO_ADDRESS,
  localPort: 0,
};

/** A listener that nobody can connect to: it limits nothing, adds nothing to what it forwards, and believes what plugins say of the client. */
const LISTENER: HttpListenerConfig = {
  name: 'plugins',
  protocol: 'http',
  address: { kind: 'unix', path: '' },
  addressText: '',
  tls: null,
  rules: null,
  shadow: null,
  plugins: [],
  routes: [],
  upstream: null,
  bandwidth: null,
  timeouts: { headerMs: 60_000, bodyMs: 60_000, idleMs: 60_000, writeMs: 60_000 },
  limits: {
    headBytes: Number.MAX_SAFE_INTEGER,
    headers: Number.MAX_SAFE_INTEGER,
    targetBytes: Number.MAX_SAFE_INTEGER,
    bodyBytes: null,
    connections: Number.MAX_SAFE_INTEGER,
    connectionsPerClient: null,
  },
  webSocket: { idleMs: 60_000, pingMs: null, connections: null, drainTimeoutMs: 0 },
  http2: null,
  forwarded: {
    trust: ['unix:'],
    xForwarded: false,
    forwarded: false,
    via: false,
    requestId: false,
    clientCertificate: false,
  },
  errorPages: [],
  proxyProtocol: null,
  redirectToHttps: null,
  hsts: null,
};

/** What `context.request` of plugins does: requests go the way of every other one, from a client in memory. */
export function subrequestSender(parts: SubrequestParts): SubrequestSender {
  const base = {
    config: LISTENER,
    rules: null,
    shadow: null,
    routes: new RouteTable([]),
    trustsPeer: compileTrust(LISTENER.forwarded.trust),
    challenges: { isEmpty: true, answer: () => null },
    counters: new ListenerCounters(),
    usage: new ServiceUsage(),
    pools: parts.pools,
    tunnels: parts.tunnels,
    maxWebSockets: 0,
    accessLog: null,
    log: parts.log,
    loggedFailures: new TokenBucket(FAILURES_LOGGED_PER_SECOND),
    plugins: null,
    routePlugins: null,
    upstreamPlugins: null,
  };
  return async (subrequest) => {
    const upstreams = parts.upstreams();
    const upstream = upstreams.get(subrequest.upstream);
    if (upstream === undefined)
      throw new Error(`there is no upstream ${JSON.stringify(subrequest.upstream)}`);
    subrequest.signal?.throwIfAborted();
    const service: ListenerService = { ...base, upstreams, upstream };
    const head = headOf(subrequest);
    const client = new MemoryClient(subrequest.body ?? null, subrequest.signal ?? null);
    const path = new RequestPath(new Exchange(service, PEER, head, ''), client);
    return client.begin(path);
  };
}

/** @throws TypeError, RangeError, MalformedError for what is no request */
function headOf({ method = 'GET', target, host, headers = {}, body = null }: PluginSubrequest): RequestHead {
  if (!isAll(TOKEN, method)) throw new TypeError(`${JSON.stringify(method)} is no method`);
  if (!target.startsWith('/') || !isAll(TARGET, target))
    throw new TypeError(`${JSON.stringify(target)} is no target: a path and a query`);
  return {
    method,
    target,
    host: host === undefined ? '' : parseAuthority(host),
    version: 'HTTP/1.1',
    headers: fieldsOf(headers),
    framing: framingOf(body),
    nominated: null,
    upgrade: null,
    expectsContinue: false,
  };
}

function framingOf(body: NonNullable<PluginSubrequest['body']> | null): BodyFraming {
  if (body === null) return NO_BODY;
  if (typeof body === 'string') return { kind: 'length', bytes: Buffer.byteLength(body) };
  return body instanceof Uint8Array ? { kind: 'length', bytes: body.length } : CHUNKED_BODY;
}
