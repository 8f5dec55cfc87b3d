import type { PluginChain } from '../../plugins/contract/chain.ts';
import type { ConnectionPools } from '../forward/connections.ts';
import type { Tunnels } from '../forward/tunnels.ts';
import type { HttpListenerConfig } from '../shared/listener-types.ts';
import type { Logger } from '../shared/log.ts';
import type { RuleScript } from '../shared/rule-script.ts';
import type { TokenBucket } from '../shared/token-bucket.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { AccessEntry } from './access-entry.ts';
import type { HttpChallenges } from './answer-challenge.ts';
import type { RouteTable } from './routes.ts';
import type { ShadowRules } from './shadow/shadow-rules.ts';
import type { ServiceUsage } from './service-usage.ts';

/** Takes finished entries; null where the access log is off. */
export interface AccessSink {
  write(entry: AccessEntry): void;
}

/** Counts of one listener. They outlive reloads that keep the listener's name. */
export class ListenerCounters {
  connections = 0;
  requests = 0;
  inFlight = 0;
  /** WebSockets that are open or being opened. */
  webSockets = 0;
  refused = 0;
  /** Answers by class, 1xx to 5xx. */
  readonly statuses: [number, number, number, number, number] = [0, 0, 0, 0, 0];

  countStatus(status: number): void {
    const index = Math.floor(status / 100) - 1;
    const count = this.statuses[index];
    if (count !== undefined) this.statuses[index] = count + 1;
  }
}

/**
 * A listener as one snapshot describes it: all that a request path needs to know, in one object
 * that is swapped whole. An exchange keeps the one it began with.
 */
export interface ListenerService {
  readonly config: HttpListenerConfig;
  readonly rules: RuleScript | null;
  /** A script that is tried beside that; null: none is. */
  readonly shadow: ShadowRules | null;
  readonly routes: RouteTable;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Where a request goes that no rule or route placed. */
  readonly upstream: Upstream | null;
  readonly trustsPeer: (address: string) => boolean;
  readonly challenges: HttpChallenges;
  readonly counters: ListenerCounters;
  readonly usage: ServiceUsage;
  readonly pools: ConnectionPools;
  readonly tunnels: Tunnels;
  /** This worker's share of `webSocket.connections`; Infinity for none. */
  readonly maxWebSockets: number;
  readonly accessLog: AccessSink | null;
  readonly log: Logger;
  /** Lets failures into `log`; null: all of them. */
  readonly loggedFailures: TokenBucket | null;
  /** null: the listener has no plugins. */
  readonly plugins: PluginChain | null;
  /** By the index of the route; null: no route of the listener has plugins. */
  readonly routePlugins: ReadonlyMap<number, PluginChain> | null;
  /** By the upstream's name; null: no upstream has plugins. */
  readonly upstreamPlugins: ReadonlyMap<string, PluginChain> | null;
}
