import type { ListenerService } from '../../exchange/listener-service.ts';
import type { Peer } from '../../exchange/streams.ts';
import type { RefusalLog } from '../refusal-log.ts';

/** Whether the listener's rule script lets a certificate be obtained for a name. A script that can not be asked says no. */
export function allowsCertificate(
  { config, rules, log }: ListenerService,
  serverName: string,
  { address }: Peer,
  refusals: RefusalLog,
): boolean {
  if (rules !== null && rules.handles.certificate) return rules.certificate(serverName, address);
  refusals.warn(
    log,
    { listener: config.name },
    'names get no certificates: the rule script has no `certificate` handler to ask',
  );
  return false;
}
