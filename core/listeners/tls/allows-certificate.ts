import type { Client } from '../../shared/client.ts';
import type { Logger } from '../../shared/log.ts';
import type { RuleScript } from '../../shared/rule-script.ts';
import type { RefusalLog } from '../refusal-log.ts';

interface AskingService {
  readonly config: { readonly name: string };
  readonly rules: RuleScript | null;
  readonly log: Logger;
}

/** Whether the listener's rule script lets a certificate be obtained for a name. A script that can not be asked says no. */
export function allowsCertificate(
  { config, rules, log }: AskingService,
  serverName: string,
  { address }: Client,
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
