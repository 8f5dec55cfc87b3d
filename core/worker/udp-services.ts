import { ServiceUsage } from '../exchange/service-usage.ts';
import type { SnapshotPlan } from '../ipc/messages.ts';
import type { ConnectionCounters } from '../layer4/connection-counters.ts';
import type { UdpService } from '../layer4/udp-service.ts';
import type { PluginChains } from '../../plugins/contract/chain.ts';
import type { RuleScript } from '../shared/rule-script.ts';
import { TokenBucket } from '../shared/token-bucket.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { Logs } from './logs.ts';

/** A backend that is gone fails whatever comes for it, and sources of datagrams cost nothing. */
const FAILURES_LOGGED_PER_SECOND = 10;

/** What the UDP listeners of a snapshot are made of. */
export interface UdpServiceParts {
  readonly plan: SnapshotPlan;
  readonly logs: Logs;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** By the ids of `plan.listenerRules`. */
  readonly scripts: ReadonlyMap<string, RuleScript>;
  readonly plugins: PluginChains['listeners'];
  readonly countersOf: (listener: string) => ConnectionCounters;
}

/** By listener name. */
export function udpServices({
  plan,
  logs,
  upstreams,
  scripts,
  plugins,
  countersOf,
}: UdpServiceParts): ReadonlyMap<string, UdpService> {
  const services = new Map<string, UdpService>();
  for (const config of plan.config.listeners) {
    if (config.protocol !== 'udp') continue;
    services.set(config.name, {
      config,
      rules: scripts.get(plan.listenerRules[config.name] ?? '') ?? null,
      plugins: plugins?.get(config.name) ?? null,
      upstreams,
      upstream: config.upstream === null ? null : (upstreams.get(config.upstream) ?? null),
      counters: countersOf(config.name),
      usage: new ServiceUsage(),
      accessLog: logs.access,
      log: logs.log.child({ component: 'udp' }),
      loggedFailures: new TokenBucket(FAILURES_LOGGED_PER_SECOND),
      workers: plan.config.workers,
    });
  }
  return services;
}
