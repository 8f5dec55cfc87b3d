import type { PluginChain } from '../../plugins/contract/chain.ts';
import type { UdpListenerConfig } from '../shared/layer4-types.ts';
import type { Logger } from '../shared/log.ts';
import type { RuleScript } from '../shared/rule-script.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { FinishingService } from './finish-connection.ts';
import type { TableLimits } from './udp-session-table.ts';

/** A UDP listener as one snapshot describes it. Sessions go on with the one of the next. */
export interface UdpService extends FinishingService {
  readonly config: UdpListenerConfig;
  readonly rules: RuleScript | null;
  /** null: the listener has no plugins. */
  readonly plugins: PluginChain | null;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Where a session goes that no rule placed. */
  readonly upstream: Upstream | null;
  readonly log: Logger;
  readonly usage: { enter(): void; leave(): void; retire(onUnused: () => void): void };
  /** Among how many the listener's limits are shared. */
  readonly workers: number;
}

/** This worker's share of the listener's table. */
export function tableLimits({ config, workers }: UdpService): TableLimits {
  const { sessions, sessionsPerClient } = config.limits;
  return { sessions: Math.ceil(sessions / workers), sessionsPerClient };
}
