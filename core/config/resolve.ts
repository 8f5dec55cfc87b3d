import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { resolvePlugins } from './plugin-schema.ts';
import { resolveHealthCheck, resolveHealthLog, resolvePassiveHealth } from './resolve-health.ts';
import { resolveCertificates } from './resolve-certificates.ts';
import { resolveListener } from './resolve-listener.ts';
import { resolveBackends } from './resolve-backends.ts';
import { resolveAddress } from './resolve-address.ts';
import { resolveCircuitBreaker, resolveConnections, resolveRetries } from './resolve-retries.ts';
import { resolveSticky } from './sticky-schema.ts';
import { accessLog } from './schema.ts';
import { datagramUpstreams } from './datagram-upstreams.ts';
import { DEFAULTS } from './defaults.ts';
import { resolveTlsPolicy } from './tls-policy-schema.ts';
import type { ConfigFile } from './schema.ts';
import { resolveScheduler } from './scheduler-schema.ts';
import { upstreamTls } from './upstream-schema.ts';
import type { UpstreamFile } from './upstream-schema.ts';
import type { AccessLogConfig, Config, UpstreamConfig, UpstreamTlsConfig } from '../shared/config-types.ts';

/** A valid file's content → the config: paths made absolute, absent things null, the `texts` of error pages and PEM files (by absolute path) filled in. */
export function resolveConfig(content: ConfigFile, file: string, texts: ReadonlyMap<string, string>): Config {
  const folder = dirname(file);
  const workers = content.workers === 'auto' ? availableParallelism() : content.workers;
  const forDatagrams = datagramUpstreams(content);
  return {
    file,
    listeners: content.listeners.map((listener) => resolveListener(listener, { content, folder, texts })),
    certificates: resolveCertificates(content.certificates, folder, texts),
    upstreams: Object.entries(content.upstreams).map(([name, upstream]) =>
      resolveUpstream(name, upstream, workers, folder, texts, forDatagrams.has(name) ? 'udp' : 'tcp'),
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

function resolveUpstream(
  name: string,
  upstream: UpstreamFile,
  workers: number,
  folder: string,
  texts: ReadonlyMap<string, string>,
  defaultCheck: 'tcp' | 'udp',
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
    port: upstream.port,
    tls: resolveUpstreamTls(upstream.tls, folder, texts),
    healthCheck: resolveHealthCheck(upstream.healthCheck, folder, defaultCheck),
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
