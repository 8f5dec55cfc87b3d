import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { resolveHsts, resolveHttpsRedirect } from './resolve-https.ts';
import { errorPageFiles } from './referenced-files.ts';
import { ruleSettings } from './listener-schema.ts';
import type { ListenerFile, RouteFile } from './listener-schema.ts';
import { accessLog } from './schema.ts';
import type { ConfigFile } from './schema.ts';
import type { UpstreamFile } from './upstream-schema.ts';
import type {
  AccessLogConfig,
  Config,
  ErrorPageConfig,
  ListenerConfig,
  RouteConfig,
  RuleScriptConfig,
  SocketAddressConfig,
  UpstreamConfig,
} from '../shared/config-types.ts';

/** A valid file's content → the config: paths made absolute, error pages filled in, absent things null. */
export function resolveConfig(content: ConfigFile, file: string, pages: ReadonlyMap<string, string>): Config {
  const folder = dirname(file);
  return {
    file,
    listeners: content.listeners.map((listener) =>
      resolveListener(listener, content.listeners, folder, pages),
    ),
    upstreams: Object.entries(content.upstreams).map(([name, upstream]) =>
      resolveUpstream(name, upstream, folder),
    ),
    lists: content.lists,
    workers: content.workers === 'auto' ? availableParallelism() : content.workers,
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
  };
}

function resolveAccess(access: ConfigFile['log']['access'], folder: string): AccessLogConfig | null {
  if (access === false) return null;
  const settings = access === true ? accessLog.parse({}) : access;
  return { format: settings.format, file: resolvePath(settings.file, folder) };
}

function resolveListener(
  listener: ListenerFile,
  all: readonly ListenerFile[],
  folder: string,
  pages: ReadonlyMap<string, string>,
): ListenerConfig {
  const { timeouts, limits, proxyProtocol } = listener;
  return {
    name: listener.name,
    protocol: listener.protocol,
    address: resolveAddress(listener.address.parsed, folder),
    addressText: listener.address.text,
    rules: resolveRules(listener.rules, folder),
    routes: listener.routes.map(resolveRoute),
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
    forwarded: listener.forwarded,
    errorPages: resolveErrorPages(listener.errorPages, folder, pages),
    proxyProtocol:
      proxyProtocol === undefined ? null : { trust: proxyProtocol.trust, timeoutMs: proxyProtocol.timeout },
    redirectToHttps: resolveHttpsRedirect(listener.redirectToHttps, all),
    hsts: resolveHsts(listener.hsts),
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
  };
}

function resolveRoute(route: RouteFile): RouteConfig {
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

function resolveUpstream(name: string, upstream: UpstreamFile, folder: string): UpstreamConfig {
  const { timeouts } = upstream;
  return {
    name,
    scheduler: upstream.scheduler,
    backends: upstream.backends.map(({ address, weight }) => ({
      address: resolveAddress(address.parsed, folder),
      addressText: address.text,
      weight,
    })),
    timeouts: { connectMs: timeouts.connect, responseMs: timeouts.response, idleMs: timeouts.idle },
    limits: { headBytes: upstream.limits.head, headers: upstream.limits.headers },
    retries: upstream.retries,
    connections: upstream.connections,
    proxyProtocol: upstream.proxyProtocol ?? null,
  };
}

function resolveAddress(address: SocketAddressConfig, folder: string): SocketAddressConfig {
  return address.kind === 'unix' ? { kind: 'unix', path: resolve(folder, address.path) } : address;
}

function resolvePath(path: string | undefined, folder: string): string | null {
  return path === undefined ? null : resolve(folder, path);
}
