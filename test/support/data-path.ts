import { resolveConfig } from '../../core/config/resolve.ts';
import { configSchema } from '../../core/config/schema.ts';
import type { AccessEntry } from '../../core/exchange/access-entry.ts';
import { compileTrust } from '../../core/exchange/client-address.ts';
import { ListenerCounters, type ListenerService } from '../../core/exchange/listener-service.ts';
import { RouteTable } from '../../core/exchange/routes.ts';
import { ServiceUsage } from '../../core/exchange/service-usage.ts';
import { ConnectionPools } from '../../core/forward/connections.ts';
import { Tunnels } from '../../core/forward/tunnels.ts';
import { BoundServer } from '../../core/listeners/bound-server.ts';
import { isHttp } from '../../core/shared/listener-kinds.ts';
import { Listener } from '../../core/listeners/listener.ts';
import { TlsFront } from '../../core/listeners/tls/front.ts';
import { Deadlines } from '../../core/shared/deadlines.ts';
import { createLogger, type Logger } from '../../core/shared/log.ts';
import type { RuleScript } from '../../core/shared/rule-script.ts';
import type { ShadowRules } from '../../core/exchange/shadow/shadow-rules.ts';
import { UpstreamRegistry } from '../../core/upstreams/registry.ts';
import type { Upstream } from '../../core/upstreams/upstream.ts';
import type { PluginChain } from '../../plugins/contract/chain.ts';
import { unusedPort } from './raw-backend.ts';
import { TestCertificateSource } from './tls-source.ts';
import { WorkerChallenges } from '../../core/worker/challenges.ts';

/** A listener with its whole data path in this process: for tests that need many raw connections and no worker processes. */
export interface DataPath {
  readonly port: number;
  readonly service: ListenerService;
  /** null unless the listener speaks https. */
  readonly front: TlsFront | null;
  /** Where `front` has its certificates from. */
  readonly certificates: TestCertificateSource | null;
  /** What the listener answers challenges with. */
  readonly challenges: WorkerChallenges;
  readonly pools: ConnectionPools;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Finished exchanges, in the order in which they ended. */
  readonly entries: AccessEntry[];
  readonly listener: Listener;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const silent = createLogger({ level: 'silent', file: null, access: null });

/** `listener` and `upstreams` are written as in a config file; the listener's upstream is `site` unless it says otherwise. */
export async function startDataPath(options: {
  readonly listener?: Readonly<Record<string, unknown>>;
  readonly upstreams?: Readonly<Record<string, unknown>>;
  readonly backendPort?: number;
  readonly rules?: RuleScript;
  readonly shadow?: ShadowRules;
  /** Listen on this Unix socket, not on a port. */
  readonly socketPath?: string;
  readonly log?: Logger;
  /** Of the listener, of its routes by their index, of upstreams by their name. */
  readonly plugins?: PluginChain;
  readonly routePlugins?: ReadonlyMap<number, PluginChain>;
  readonly upstreamPlugins?: ReadonlyMap<string, PluginChain>;
  /** What the files of `listener.errorPages` and `listener.tls.clientCertificates` hold, by absolute path. */
  readonly files?: ReadonlyMap<string, string>;
}): Promise<DataPath> {
  const upstreamsInput = options.upstreams ?? {
    site: { backends: [{ address: `127.0.0.1:${options.backendPort ?? 9}` }] },
  };
  const config = resolveConfig(
    configSchema.parse({
      listeners: [
        {
          name: 'test',
          protocol: 'http',
          address: options.socketPath === undefined ? '127.0.0.1:0' : `unix:${options.socketPath}`,
          upstream: 'site',
          ...options.listener,
        },
      ],
      upstreams: upstreamsInput,
      workers: 1,
    }),
    '/tidegate.config.json',
    options.files ?? new Map(),
  );
  const [listenerConfig] = config.listeners;
  if (listenerConfig === undefined || !isHttp(listenerConfig)) throw new Error('no listener of HTTP');
  const deadlines = new Deadlines();
  const challenges = new WorkerChallenges();
  const pools = new ConnectionPools(deadlines);
  const upstreams = new UpstreamRegistry().prepare(config.upstreams);
  const entries: AccessEntry[] = [];
  const service: ListenerService = {
    config: listenerConfig,
    rules: options.rules ?? null,
    shadow: options.shadow ?? null,
    routes: new RouteTable(listenerConfig.routes),
    upstreams,
    upstream: listenerConfig.upstream === null ? null : (upstreams.get(listenerConfig.upstream) ?? null),
    trustsPeer: compileTrust(listenerConfig.forwarded.trust),
    challenges,
    counters: new ListenerCounters(),
    usage: new ServiceUsage(),
    pools,
    tunnels: new Tunnels(deadlines),
    maxWebSockets: listenerConfig.webSocket.connections ?? Number.POSITIVE_INFINITY,
    accessLog: { write: (entry) => void entries.push(entry) },
    log: options.log ?? silent,
    loggedFailures: null,
    plugins: options.plugins ?? null,
    routePlugins: options.routePlugins ?? null,
    upstreamPlugins: options.upstreamPlugins ?? null,
  };
  const { tls } = listenerConfig;
  const certificates = tls === null ? null : await TestCertificateSource.load(tls);
  const front =
    tls === null || certificates === null ? null : new TlsFront(tls, certificates, challenges, service.log);
  await front?.ready();
  const listener = new Listener(service, deadlines, () => 1, front);
  const server = new BoundServer(listener);
  const port = options.socketPath === undefined ? await unusedPort() : 0;
  await server.listen(
    options.socketPath === undefined ? { port, host: '127.0.0.1' } : { path: options.socketPath },
  );
  return {
    port,
    service,
    front,
    certificates,
    challenges,
    pools,
    upstreams,
    entries,
    listener,
    drain: () => {
      server.close();
      return listener.drain();
    },
    async close() {
      server.close();
      const drained = listener.drain();
      listener.destroyConnections();
      pools.closeIdle();
      await drained;
      deadlines.close();
    },
  };
}
