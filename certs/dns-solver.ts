import type { DnsConfig } from '../core/shared/certificates-config.ts';
import { Dns01Solver } from './dns-01.ts';
import { DnsCommandProvider } from './dns-command.ts';
import type { DnsServer } from './dns-lookup.ts';
import { DnsUpdateProvider } from './dns-update.ts';

/** The solver that a config describes. `resolver`: asked for CNAME and NS records; null: the system's. */
export function createDnsSolver(config: DnsConfig, resolver: DnsServer | null): Dns01Solver {
  const provider = config.kind === 'update' ? new DnsUpdateProvider(config) : new DnsCommandProvider(config);
  return new Dns01Solver(provider, config.propagationTimeoutMs, resolver);
}
