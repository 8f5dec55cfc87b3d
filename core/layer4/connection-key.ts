import type { ConnectDecision } from '../shared/rule-script.ts';
import type { SchedulerKey } from '../shared/scheduler-key.ts';

/** What the key of a connection or session is taken from. */
export interface KeyedConnection {
  readonly clientAddress: string;
  readonly decision: ConnectDecision | null;
  /** The value of this cookie of RDP in the first bytes; null where there is none, and for UDP. */
  rdpCookie(name: string): string | null;
}

/** The key for an upstream's scheduler, as `schedulerKey` has it for requests: what the rule set comes first. Undefined: it has none. */
export function connectionKey(connection: KeyedConnection, wanted: SchedulerKey): string | undefined {
  const { decision } = connection;
  if (decision?.kind === 'forward' && decision.key !== undefined) return decision.key;
  switch (wanted.kind) {
    case 'source':
      return connection.clientAddress;
    case 'rdp-cookie':
      return connection.rdpCookie(wanted.name) ?? undefined;
    case 'rule':
    case 'uri':
    case 'path':
    case 'query':
    case 'header':
    case 'cookie':
      return undefined;
  }
}
