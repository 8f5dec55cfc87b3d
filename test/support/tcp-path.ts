import { resolveConfig } from '../../core/config/resolve.ts';
import { configSchema } from '../../core/config/schema.ts';
import { ServiceUsage } from '../../core/exchange/service-usage.ts';
import { TcpDialer } from '../../core/forward/tcp.ts';
import { ConnectionCounters } from '../../core/layer4/connection-counters.ts';
import type { ConnectionEntry } from '../../core/layer4/connection-entry.ts';
import { OpenConnections } from '../../core/layer4/open-connections.ts';
import { TcpRouteTable } from '../../core/layer4/tcp-routes.ts';
import type { TcpService } from '../../core/layer4/tcp-service.ts';
import { BoundServer } from '../../core/listeners/bound-server.ts';
import { TcpListener } from '../../core/listeners/tcp.ts';
import { TlsFront } from '../../core/listeners/tls/front.ts';
import { Deadlines } from '../../core/shared/deadlines.ts';
import { isTcp } from '../../core/shared/listener-kinds.ts';
import { createLogger, type Logger } from '../../core/shared/log.ts';
import type { RuleScript } from '../../core/shared/rule-script.ts';
import type { Upstream } from '../../core/upstreams/upstream.ts';
import { UpstreamRegistry } from '../../core/upstreams/registry.ts';
import { WorkerChallenges } from '../../core/worker/challenges.ts';
import type { PluginChain } from '../../plugins/contract/chain.ts';
import { onTestFinished } from 'vitest';
import { unusedPort } from './raw-backend.ts';
import { TestCertificateSource } from './tls-source.ts';

const silent = createLogger({ level: 'silent', file: null, access: null });

export interface TcpPathOptions {
  /** Of the listener, over `protocol: tcp`, `upstream: site`. */
  readonly listener?: object;
  /** Of the upstream `site`; it has no health checks. */
  readonly backendPort?: number;
  readonly upstreams?: Readonly<Record<string, object>>;
  readonly rules?: RuleScript;
  readonly plugins?: PluginChain;
  readonly socketPath?: string;
  readonly log?: Logger;
}

export interface TcpPath {
  readonly port: number;
  readonly service: TcpService;
  readonly listener: TcpListener;
  readonly connections: OpenConnections;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly entries: readonly ConnectionEntry[];
}

/** A listener of TCP with all that is behind it, in this process. Ended when the test has finished. */
export async function startTcp(options: TcpPathOptions = {}): Promise<TcpPath> {
  const config = resolveConfig(
    configSchema.parse({
      listeners: [
        {
          name: 'test',
          protocol: 'tcp',
          address: options.socketPath === undefined ? '127.0.0.1:0' : `unix:${options.socketPath}`,
          upstream: 'site',
          ...options.listener,
        },
      ],
      upstreams: options.upstreams ?? {
        site: { backends: [{ address: `127.0.0.1:${options.backendPort ?? 9}` }] },
      },
      workers: 1,
    }),
    '/tidegate.config.json',
    new Map(),
  );
  const [listenerConfig] = config.listeners;
  if (listenerConfig === undefined || !isTcp(listenerConfig)) throw new Error('no listener of TCP');
  const deadlines = new Deadlines();
  const upstreams = new UpstreamRegistry().prepare(config.upstreams);
  const entries: ConnectionEntry[] = [];
  const connections = new OpenConnections();
  const service: TcpService = {
    config: listenerConfig,
    rules: options.rules ?? null,
    routes: new TcpRouteTable(listenerConfig.routes),
    upstreams,
    upstream: listenerConfig.upstream === null ? null : (upstreams.get(listenerConfig.upstream) ?? null),
    counters: new ConnectionCounters(),
    usage: new ServiceUsage(),
    dialer: new TcpDialer(deadlines),
    connections,
    accessLog: { write: (entry) => void entries.push(entry) },
    log: options.log ?? silent,
    loggedFailures: null,
    plugins: options.plugins ?? null,
  };
  const { tls } = listenerConfig;
  const front =
    tls === null
      ? null
      : new TlsFront(tls, await TestCertificateSource.load(tls), new WorkerChallenges(), service.log);
  await front?.ready();
  const listener = new TcpListener(service, deadlines, () => 1, front);
  const server = new BoundServer(listener);
  const port = options.socketPath === undefined ? await unusedPort() : 0;
  await server.listen(
    options.socketPath === undefined ? { port, host: '127.0.0.1' } : { path: options.socketPath },
  );
  onTestFinished(async () => {
    server.close();
    const drained = listener.drain();
    listener.destroyConnections();
    await drained;
    deadlines.close();
  });
  return { port, service, listener, connections, upstreams, entries };
}
