import type { PluginHost } from '../../plugins/host.ts';
import type { SnapshotPlugins } from '../../plugins/snapshot-plugins.ts';
import type { RuleHost } from '../../rules/evaluate.ts';
import { compileTrust } from '../exchange/client-address.ts';
import { ListenerCounters, type ListenerService } from '../exchange/listener-service.ts';
import { subrequestSender } from '../exchange/plugins/subrequest.ts';
import { RouteTable } from '../exchange/routes.ts';
import { ShadowRules } from '../exchange/shadow/shadow-rules.ts';
import { ServiceUsage } from '../exchange/service-usage.ts';
import type { ConnectionPools } from '../forward/connections.ts';
import type { TcpDialer } from '../forward/tcp.ts';
import type { Tunnels } from '../forward/tunnels.ts';
import type { SnapshotPlan } from '../ipc/messages.ts';
import { ConnectionCounters } from '../layer4/connection-counters.ts';
import type { OpenConnections } from '../layer4/open-connections.ts';
import { TcpRouteTable } from '../layer4/tcp-routes.ts';
import type { TcpService } from '../layer4/tcp-service.ts';
import type { UdpService } from '../layer4/udp-service.ts';
import { isHttp, isTcp } from '../shared/listener-kinds.ts';
import type { HttpListenerConfig } from '../shared/listener-types.ts';
import { formatProblem } from '../shared/problem.ts';
import type { RuleScript, ShadowScript } from '../shared/rule-script.ts';
import type { UpstreamRegistry } from '../upstreams/registry.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { TlsFront } from '../listeners/tls/front.ts';
import type { WorkerChallenges } from './challenges.ts';
import type { Logs } from './logs.ts';
import type { ShadowCountsByListener } from './shadow-counts.ts';
import type { TlsFronts } from './tls-fronts.ts';
import { udpServices } from './udp-services.ts';

/** The parts of a worker that outlive snapshots. */
export interface SnapshotParts {
  readonly registry: UpstreamRegistry;
  readonly pools: ConnectionPools;
  readonly tunnels: Tunnels;
  readonly rules: RuleHost;
  readonly plugins: PluginHost;
  readonly counters: Map<string, ListenerCounters>;
  readonly connectionCounters: Map<string, ConnectionCounters>;
  readonly dialer: TcpDialer;
  readonly connections: OpenConnections;
  readonly shadowCounts: ShadowCountsByListener;
  readonly tls: TlsFronts;
  readonly challenges: WorkerChallenges;
}

/** One config version made ready to serve. */
export interface Snapshot {
  readonly plan: SnapshotPlan;
  readonly logs: Logs;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** By listener name. */
  readonly services: ReadonlyMap<string, ListenerService>;
  readonly tcpServices: ReadonlyMap<string, TcpService>;
  readonly udpServices: ReadonlyMap<string, UdpService>;
  /** By the names of the listeners that speak TLS. */
  readonly fronts: ReadonlyMap<string, TlsFront>;
  readonly scripts: readonly RuleScript[];
  readonly plugins: SnapshotPlugins;
}

/**
 * Builds a snapshot beside the live one, or says why that can not be. Leaves nothing behind when it fails. `onUpstreams`: is
 * given its upstreams before it is done, since what is heard of backends meanwhile is about them, too.
 */
export async function buildSnapshot(
  plan: SnapshotPlan,
  logs: Logs,
  parts: SnapshotParts,
  onUpstreams: (upstreams: Snapshot['upstreams']) => void,
): Promise<{ ok: true; snapshot: Snapshot } | { ok: false; problems: readonly string[] }> {
  const scripts = new Map<string, RuleScript & ShadowScript>();
  const problems: string[] = [];
  for (const bundle of plan.rules) {
    const loaded = await parts.rules.load(bundle, plan.config.lists);
    if (loaded.ok) scripts.set(bundle.id, loaded.script);
    else
      problems.push(
        ...loaded.problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`),
      );
  }
  const fronts = new Map<string, TlsFront>();
  for (const { name, tls } of plan.config.listeners) {
    if (tls === null) continue;
    const front = parts.tls.get(tls);
    try {
      await front.ready();
      fronts.set(name, front);
    } catch (error) {
      problems.push(`listener ${name}: TLS: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const upstreams = parts.registry.prepare(plan.config.upstreams);
  onUpstreams(upstreams);
  const log = logs.log.child({ component: 'http' });
  const { pools, tunnels } = parts;
  const request = subrequestSender({ upstreams: () => upstreams, pools, tunnels, log });
  const plugins = await parts.plugins.prepare(plan, request);
  if (!plugins.ok) problems.push(...plugins.problems.map((problem) => formatProblem(problem)));
  if (!plugins.ok || problems.length > 0) {
    if (plugins.ok) parts.plugins.release(plugins.plugins);
    for (const script of scripts.values()) parts.rules.release(script);
    return { ok: false, problems };
  }
  const { listeners, routes, upstreams: upstreamPlugins } = plugins.plugins;
  const services = new Map<string, ListenerService>();
  for (const config of plan.config.listeners.filter(isHttp)) {
    services.set(config.name, {
      config,
      rules: scripts.get(plan.listenerRules[config.name] ?? '') ?? null,
      shadow: shadowOf(config, plan, scripts, parts, logs),
      routes: new RouteTable(config.routes),
      upstreams,
      upstream: config.upstream === null ? null : (upstreams.get(config.upstream) ?? null),
      trustsPeer: compileTrust(config.forwarded.trust),
      challenges: parts.challenges,
      counters: kept(parts.counters, config.name, () => new ListenerCounters()),
      usage: new ServiceUsage(),
      pools: parts.pools,
      tunnels: parts.tunnels,
      maxWebSockets: Math.ceil(
        (config.webSocket.connections ?? Number.POSITIVE_INFINITY) / plan.config.workers,
      ),
      accessLog: logs.access,
      log,
      loggedFailures: null,
      plugins: listeners?.get(config.name) ?? null,
      routePlugins: routes?.get(config.name) ?? null,
      upstreamPlugins,
    });
  }
  const tcpServices = new Map<string, TcpService>();
  for (const config of plan.config.listeners.filter(isTcp)) {
    tcpServices.set(config.name, {
      config,
      rules: scripts.get(plan.listenerRules[config.name] ?? '') ?? null,
      routes: new TcpRouteTable(config.routes),
      upstreams,
      upstream: config.upstream === null ? null : (upstreams.get(config.upstream) ?? null),
      counters: kept(parts.connectionCounters, config.name, () => new ConnectionCounters()),
      usage: new ServiceUsage(),
      dialer: parts.dialer,
      connections: parts.connections,
      accessLog: logs.access,
      log: logs.log.child({ component: 'tcp' }),
      loggedFailures: null,
      plugins: listeners?.get(config.name) ?? null,
    });
  }
  const udp = udpServices({
    plan,
    logs,
    upstreams,
    scripts,
    plugins: listeners,
    countersOf: (name) => kept(parts.connectionCounters, name, () => new ConnectionCounters()),
  });
  return {
    ok: true,
    snapshot: {
      plan,
      logs,
      upstreams,
      services,
      tcpServices,
      udpServices: udp,
      fronts,
      scripts: [...scripts.values()],
      plugins: plugins.plugins,
    },
  };
}

/** Lets go of a snapshot's scripts and plugins after the last exchange that uses them, then calls `onReleased`. */
export function retireSnapshot(
  snapshot: Snapshot,
  { rules, plugins }: Pick<SnapshotParts, 'rules' | 'plugins'>,
  onReleased: () => void,
): void {
  const services = [
    ...snapshot.services.values(),
    ...snapshot.tcpServices.values(),
    ...snapshot.udpServices.values(),
  ];
  let inUse = services.length;
  const release = (): void => {
    inUse -= 1;
    if (inUse > 0) return;
    for (const script of snapshot.scripts) rules.release(script);
    plugins.release(snapshot.plugins);
    onReleased();
  };
  if (services.length === 0) release();
  for (const service of services) service.usage.retire(release);
}

function shadowOf(
  { name, shadow }: HttpListenerConfig,
  plan: SnapshotPlan,
  scripts: ReadonlyMap<string, ShadowScript>,
  { shadowCounts }: SnapshotParts,
  { log }: Logs,
): ShadowRules | null {
  const id = plan.listenerShadows[name];
  const script = id === undefined ? undefined : scripts.get(id);
  if (script === undefined || shadow === null) return null;
  const counts = shadowCounts.of(name, `${script.id} ${plan.listenerRules[name] ?? ''}`);
  return new ShadowRules(script, shadow.sample, log.child({ component: 'rules' }), counts);
}

/** What outlives snapshots that keep the listener's name. */
function kept<Counters>(all: Map<string, Counters>, name: string, create: () => Counters): Counters {
  let counters = all.get(name);
  if (counters === undefined) {
    counters = create();
    all.set(name, counters);
  }
  return counters;
}
