import { resolve } from 'node:path';
import type {
  ErrorPageConfig,
  Http2Config,
  HttpListenerConfig,
  RouteConfig,
  RuleScriptConfig,
  ShadowConfig,
} from '../shared/listener-types.ts';
import { shadowSettings } from './http-listener-schema.ts';
import type { HttpListenerFile } from './http-listener-schema.ts';
import { http2Settings } from './http2-schema.ts';
import { resolvePlugins } from './plugin-schema.ts';
import { errorPageFiles } from './referenced-files.ts';
import { resolveHsts, resolveHttpsRedirect } from './resolve-https.ts';
import { resolveBase, resolveProxyProtocol, resolveTls } from './resolve-listener-base.ts';
import type { ListenerSurroundings } from './resolve-listener-base.ts';
import type { RouteFile } from './route-schema.ts';

export function resolveHttpListener(
  listener: HttpListenerFile,
  surroundings: ListenerSurroundings,
): HttpListenerConfig {
  const { content, folder, texts } = surroundings;
  const { timeouts, limits, webSocket } = listener;
  const http2 = resolveHttp2(listener);
  return {
    ...resolveBase(listener, folder),
    protocol: listener.protocol,
    tls:
      listener.protocol === 'https'
        ? resolveTls(listener.tls, http2 === null ? ['http/1.1'] : ['h2', 'http/1.1'], surroundings)
        : null,
    shadow: resolveShadow(listener.shadow, folder),
    routes: listener.routes.map((each) => resolveRoute(each, folder)),
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
    proxyProtocol: resolveProxyProtocol(listener.proxyProtocol),
    redirectToHttps: resolveHttpsRedirect(listener.redirectToHttps, content.listeners),
    hsts: resolveHsts(listener.hsts),
  };
}

function resolveHttp2({ http2: given, protocol }: HttpListenerFile): Http2Config | null {
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

function resolveShadow(shadow: HttpListenerFile['shadow'], folder: string): ShadowConfig | null {
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
  errorPages: HttpListenerFile['errorPages'],
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
