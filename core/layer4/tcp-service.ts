import type { PluginChain } from '../../plugins/contract/chain.ts';
import type { TcpDialer } from '../forward/tcp.ts';
import type { TcpListenerConfig } from '../shared/layer4-types.ts';
import type { Logger } from '../shared/log.ts';
import type { RuleScript } from '../shared/rule-script.ts';
import type { TokenBucket } from '../shared/token-bucket.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { ConnectionCounters } from './connection-counters.ts';
import type { ConnectionSink } from './connection-entry.ts';
import type { OpenConnections } from './open-connections.ts';
import type { TcpRouteTable } from './tcp-routes.ts';

/** A TCP or TLS listener as one snapshot describes it: all that the path of a connection needs to know, swapped whole. */
export interface TcpService {
  readonly config: TcpListenerConfig;
  readonly rules: RuleScript | null;
  readonly routes: TcpRouteTable;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Where a connection goes that no rule or route placed. */
  readonly upstream: Upstream | null;
  readonly counters: ConnectionCounters;
  readonly usage: { enter(): void; leave(): void; retire(onUnused: () => void): void };
  readonly dialer: TcpDialer;
  readonly connections: OpenConnections;
  readonly accessLog: ConnectionSink | null;
  readonly log: Logger;
  /** Lets failures into `log`; null: all of them. */
  readonly loggedFailures: TokenBucket | null;
  /** null: the listener has no plugins. */
  readonly plugins: PluginChain | null;
}
