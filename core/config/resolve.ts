import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { resolveHsts, resolveHttpsRedirect } from './resolve-https.ts';
import { errorPageFiles } from './referenced-files.ts';
import { resolvePlugins } from './plugin-schema.ts';
import { resolveHealthCheck, resolveHealthLog, resolvePassiveHealth } from './resolve-health.ts';
import { http2Settings } from './http2-schema.ts';
import { tls as tlsSettings } from './tls-schema.ts';
import { ruleSettings, shadowSettings } from './listener-schema.ts';
import type { ListenerFile } from './listener-schema.ts';
import type { RouteFile } from './route-schema.ts';
import { resolveCertificates } from './resolve-certificates.ts';
import { resolveBackends } from './resolve-backends.ts';
import { resolveAddress } from './resolve-address.ts';
import { resolveCircuitBreaker, resolveConnections, resolveRetries } from './resolve-retries.ts';
import { resolveSticky } from './sticky-schema.ts';
import { accessLog } from './schema.ts';
import { DEFAULTS } from './defaults.ts';
import { resolveTlsPolicy } from './tls-policy-schema.ts';
import type { ConfigFile } from './schema.ts';
import { resolveScheduler } from './scheduler-schema.ts';
import { upstreamTls } from './upstream-schema.ts';
import type { UpstreamFile } from './upstream-schema.ts';
import type {
  AccessLogConfig,
  Config,
  SocketAddressConfig,
  UpstreamConfig,
  UpstreamTlsConfig,
} from '../shared/config-types.ts';
import type {
  ErrorPageConfig,
  Http2Config,
  ListenerConfig,
  RouteConfig,
  RuleScriptConfig,
  ShadowConfig,
  TlsConfig,
} from '../shared/listener-types.ts';

/** A valid file's content → the config: paths made absolute, absent things null, the `texts` of error pages and PEM files (by absolute path) filled in. */
export function resolveConfig(content: ConfigFile, file: string, texts: ReadonlyMap<string, string>): Config {
  const folder = dirname(file);
  const workers = content.workers === 'auto' ? availableParallelism() : content.workers;
  return {
    file,
    listeners: content.listeners.map((listener) => resolveListener(listener, content, folder, texts)),
    certificates: resolveCertificates(content.certificates, folder, texts),
    upstreams: Object.entries(content.upstreams).map(([name, upstream]) =>
      resolveUpstream(name, upstream, workers, folder, texts),
    ),
    lists: content.lists,
    workers,
    admin:
      content.admin === undefined ? null : { address: resolveAddress(content.admin.address.parsed, folder) },
    user: content.user ?? null,
    group: content.group ?? null,
    shutdownTimeoutMs: content.shutdownTimeout,
    workerTimeoutMs: content.workerTimeout,
    log: {
      level: content.log.level,
      file: resolvePath(content.log.file, folder),
      access: resolveAccess(content.log.access, folder),
    },
    healthLog: resolveHealthLog(content.log.health, folder),
  };
}

function resolveAccess(access: ConfigFile['log']['access'], folder: string): AccessLogConfig | null {
  if (access === false) return null;
  const settings = access === true ? accessLog.parse({}) : access;
  return { format: settings.format, file: resolvePath(settings.file, folder) };
}

function resolveListener(
  listener: ListenerFile,
  { listeners, certificates }: ConfigFile,
  folder: string,
  texts: ReadonlyMap<string, string>,
): ListenerConfig {
  const { timeouts, limits, webSocket, proxyProtocol } = listener;
  const http2 = resolveHttp2(listener);
  return {
    name: listener.name,
    protocol: listener.protocol,
    address: resolveListenAddress(listener, folder),
    addressText: listener.address.text,
    tls:
      listener.protocol === 'https'
        ? resolveTls(
            listener.tls ?? tlsSettings.parse({}),
            { withHttp2: http2 !== null, managed: certificates !== undefined },
            folder,
            texts,
          )
        : null,
    rules: resolveRules(listener.rules, folder),
    shadow: resolveShadow(listener.shadow, folder),
    plugins: resolvePlugins(listener.plugins, folder),
    routes: listener.routes.map((route) => resolveRoute(route, folder)),
    upstream: listener.upstream ?? null,
    timeouts: {
      headerMs: timeouts.header,
      bodyMs: timeouts.body,
      idleMs: timeouts.idle,
      writeMs: timeouts.write,
    },
    limits: {
      headBytes: limits.head,
      headers: limits.headers,
      targetBytes: limits.target,
      bodyBytes: limits.body,
      connections: limits.connections,
      connectionsPerClient: limits.connectionsPerClient,
    },
    webSocket: {
      idleMs: webSocket.idle,
      pingMs: webSocket.ping,
      connections: webSocket.connections,
      drainTimeoutMs: webSocket.drainTimeout,
    },
    http2,
    forwarded: listener.forwarded,
    errorPages: resolveErrorPages(listener.errorPages, folder, texts),
    proxyProtocol:
      proxyProtocol === undefined ? null : { trust: proxyProtocol.trust, timeoutMs: proxyProtocol.timeout },
    redirectToHttps: resolveHttpsRedirect(listener.redirectToHttps, listeners),
    hsts: resolveHsts(listener.hsts),
  };
}

function resolveListenAddress(listener: ListenerFile, folder: string): SocketAddressConfig {
  const { ipv6Only, socketMode } = listener;
  const address = resolveAddress(listener.address.parsed, folder);
  if (address.kind === 'tcp') return ipv6Only ? { ...address, ipv6Only } : address;
  return socketMode === undefined ? address : { ...address, mode: socketMode };
}

function resolveHttp2({ http2: given, protocol }: ListenerFile): Http2Config | null {
  const http2 = given ?? protocol === 'https';
  if (http2 === false) return null;
  const settings = http2 === true ? http2Settings.parse({}) : http2;
  return {
    maxStreams: settings.maxStreams,
    windowBytes: settings.window,
    connectionWindowBytes: settings.connectionWindow,
    floods: settings.floods,
  };
}

function resolveTls(
  tls: NonNullable<ListenerFile['tls']>,
  { withHttp2, managed }: { readonly withHttp2: boolean; readonly managed: boolean },
  folder: string,
  files: ReadonlyMap<string, string>,
): TlsConfig {
  const certificates = (tls.certificates ?? []).map(({ cert, key, names }) => ({
    cert: resolve(folder, cert),
    key: resolve(folder, key),
    names: names ?? null,
  }));
  const { clientCertificates, unknownNames, ocspStapling } = tls;
  const choice = { certificates, managed, default: tls.default ?? null, unknownNames, ocspStapling };
  return {
    certificateSet: createHash('sha256').update(JSON.stringify(choice)).digest('base64url'),
    ...choice,
    protocols: withHttp2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    policy: resolveTlsPolicy(tls.policy),
    clientCertificates:
      clientCertificates === undefined
        ? null
        : {
            mode: clientCertificates.mode,
            ca: files.get(resolve(folder, clientCertificates.ca)) ?? '',
          },
    handshakeTimeoutMs: tls.handshakeTimeout,
    maxHandshakes: tls.maxHandshakes,
    ticketRotationMs: tls.ticketRotation,
    cache: tls.cache,
  };
}

function resolveRules(rules: ListenerFile['rules'], folder: string): RuleScriptConfig | null {
  if (rules === undefined) return null;
  const settings = typeof rules === 'string' ? ruleSettings.parse({ script: rules }) : rules;
  return {
    script: resolve(folder, settings.script),
    timeLimitMs: settings.timeLimit,
    memoryLimitBytes: settings.memoryLimit,
    onError: settings.onError,
    shadow: null,
  };
}

function resolveShadow(shadow: ListenerFile['shadow'], folder: string): ShadowConfig | null {
  if (shadow === undefined) return null;
  const settings = typeof shadow === 'string' ? shadowSettings.parse({ script: shadow }) : shadow;
  const rules: RuleScriptConfig = {
    script: resolve(folder, settings.script),
    timeLimitMs: settings.timeLimit,
    memoryLimitBytes: settings.memoryLimit,
    // A fault is to be told from a decision.
    onError: 'deny',
    shadow: { budgetMs: settings.budget },
  };
  return { rules, sample: settings.sample };
}

function resolveRoute(route: RouteFile, folder: string): RouteConfig {
  const methods = route.methods ?? (route.method === undefined ? [] : [route.method]);
  return {
    host: route.host ?? null,
    path: route.path ?? null,
    methods: [...new Set(methods.map((method) => method.toUpperCase()))],
    headers: Object.entries(route.headers ?? {}).map(([name, value]) => ({
      name: name.toLowerCase(),
      value,
    })),
    upstream: route.upstream,
    plugins: resolvePlugins(route.plugins, folder),
  };
}

function resolveErrorPages(
  errorPages: ListenerFile['errorPages'],
  folder: string,
  pages: ReadonlyMap<string, string>,
): ErrorPageConfig[] {
  const files = errorPageFiles(errorPages);
  return Object.keys(errorPages).map((match) => {
    const textOf = (kind: 'html' | 'json'): string | null => {
      const page = files.find((each) => each.match === match && each.kind === kind);
      return page === undefined ? null : (pages.get(resolve(folder, page.file)) ?? null);
    };
    return { match, html: textOf('html'), json: textOf('json') };
  });
}

function resolveUpstream(
  name: string,
  upstream: UpstreamFile,
  workers: number,
  folder: string,
  texts: ReadonlyMap<string, string>,
): UpstreamConfig {
  const { timeouts } = upstream;
  return {
    name,
    scheduler: resolveScheduler(upstream.scheduler),
    ...resolveBackends(upstream.backends, folder),
    minAvailable: upstream.minAvailable,
    slowStartMs: upstream.slowStart ?? null,
    maxConnections: upstream.maxConnections,
    queue: { length: upstream.queue.length, timeoutMs: upstream.queue.timeout },
    workers,
    sticky: upstream.sticky === undefined ? null : resolveSticky(upstream.sticky, name),
    resolveIntervalMs: upstream.resolveInterval ?? null,
    timeouts: { connectMs: timeouts.connect, responseMs: timeouts.response, idleMs: timeouts.idle },
    limits: { headBytes: upstream.limits.head, headers: upstream.limits.headers },
    protocol: upstream.protocol,
    tls: resolveUpstreamTls(upstream.tls, folder, texts),
    healthCheck: resolveHealthCheck(upstream.healthCheck, folder),
    passiveHealth: resolvePassiveHealth(upstream.passiveHealth),
    retries: resolveRetries(upstream.retries),
    circuitBreaker: resolveCircuitBreaker(upstream.circuitBreaker),
    fallback: upstream.fallback ?? null,
    connections: resolveConnections(upstream.connections),
    proxyProtocol: upstream.proxyProtocol ?? null,
    plugins: resolvePlugins(upstream.plugins, folder),
  };
}

function resolveUpstreamTls(
  tls: UpstreamFile['tls'],
  folder: string,
  texts: ReadonlyMap<string, string>,
): UpstreamTlsConfig | null {
  if (tls === false) return null;
  const settings = tls === true ? upstreamTls.parse({}) : tls;
  const textOf = (file: string | undefined): string | null =>
    file === undefined ? null : (texts.get(resolve(folder, file)) ?? null);
  return {
    ca: textOf(settings.ca),
    verify: settings.verify,
    serverName: settings.serverName ?? null,
    cert: textOf(settings.cert),
    key: textOf(settings.key),
    policy: settings.policy === undefined ? null : resolveTlsPolicy(settings.policy),
    minVersion: settings.minVersion ?? DEFAULTS.upstreamTls.minVersion,
  };
}

function resolvePath(path: string | undefined, folder: string): string | null {
  return path === undefined ? null : resolve(folder, path);
}
