import { isDeepStrictEqual } from 'node:util';
import { BACKUP_PRIORITY } from '../shared/backup-priority.ts';
import type {
  BackendConfig,
  BackendTerms,
  UpstreamConfig,
  UpstreamTlsConfig,
} from '../shared/config-types.ts';
import type { HealthCheckConfig } from '../shared/health-types.ts';
import type { RetriesConfig } from '../shared/retry-types.ts';
import type { StickyConfig } from '../shared/sticky-types.ts';
import { changesByName, count, settingsChanged } from './diff-texts.ts';
import { pluginChanges } from './plugin-diff.ts';

/** What is different in an upstream of this name, a text for each thing. */
export function upstreamChanges(before: UpstreamConfig, after: UpstreamConfig): string[] {
  const settings = ({
    scheduler,
    minAvailable,
    slowStartMs,
    resolveIntervalMs,
    protocol,
    tls,
    timeouts,
    limits,
    healthCheck,
    passiveHealth,
    retries,
    circuitBreaker,
    fallback,
    connections,
    proxyProtocol,
    sticky,
    maxConnections,
    queue,
  }: UpstreamConfig) => ({
    scheduler: scheduler.type,
    minAvailable,
    slowStartMs,
    resolveIntervalMs,
    protocol,
    tls: tls === null ? 'off' : 'on',
    timeouts,
    limits,
    healthCheck: healthCheck === null ? 'off' : 'on',
    passiveHealth: passiveHealth === null ? 'off' : 'on',
    retries: retriesAsWritten(retries),
    circuitBreaker: circuitBreaker === null ? 'off' : 'on',
    fallback,
    connections,
    proxyProtocol,
    sticky: sticky?.type ?? null,
    maxConnections,
    queue,
  });
  return [
    ...changesByName(
      'backend',
      before.backends,
      after.backends,
      (backend) => backend.addressText,
      ({ weight }) => (weight === 1 ? 'added' : `added with weight ${weight}`),
      (old: BackendConfig, now: BackendConfig) => settingsChanged('', termsOf(old), termsOf(now)),
    ),
    ...changesByName(
      'nested upstream',
      before.nested,
      after.nested,
      ({ upstream }) => upstream,
      () => 'added',
      (old, now) => settingsChanged('', termsOf(old), termsOf(now)),
    ),
    ...settingsChanged('', settings(before), settings(after)),
    ...settingsChanged('scheduler', { ...before.scheduler, type: null }, { ...after.scheduler, type: null }),
    ...tlsChanges(before.tls, after.tls),
    ...stickyChanges(before.sticky, after.sticky),
    ...(before.circuitBreaker === null || after.circuitBreaker === null
      ? []
      : settingsChanged('circuitBreaker', before.circuitBreaker, after.circuitBreaker)),
    ...healthChanges(before, after),
    ...pluginChanges(before.plugins, after.plugins),
  ];
}

/** Of what a probe says only that it differs: headers and what is sent may hold secrets. */
function healthChanges(before: UpstreamConfig, after: UpstreamConfig): string[] {
  const [old, now] = [before.healthCheck, after.healthCheck];
  const named = (check: HealthCheckConfig): object => ({ ...check, probe: check.probe.type });
  return [
    ...(old === null || now === null ? [] : settingsChanged('healthCheck', named(old), named(now))),
    ...(old?.probe.type !== now?.probe.type || isDeepStrictEqual(old?.probe, now?.probe)
      ? []
      : [`${now?.probe.type} check changed`]),
    ...(before.passiveHealth === null || after.passiveHealth === null
      ? []
      : settingsChanged('passiveHealth', before.passiveHealth, after.passiveHealth)),
  ];
}

function retriesAsWritten({ attempts, on, statuses, budget, bodyBytes, hedge }: RetriesConfig) {
  return {
    attempts,
    on: [...on, ...statuses].join(', '),
    budget: budget ?? { share: null, minPerSecond: null },
    bodyBytes,
    hedge: { afterMs: hedge?.afterMs ?? null },
  };
}

/** Of the PEM files only that they differ. */
function tlsChanges(before: UpstreamTlsConfig | null, after: UpstreamTlsConfig | null): string[] {
  if (before === null || after === null) return [];
  const settings = ({ verify, serverName, policy, minVersion }: UpstreamTlsConfig) => ({
    verify,
    serverName,
    policy,
    minVersion,
  });
  const files = ({ ca, cert, key }: UpstreamTlsConfig) => [ca, cert, key];
  return [
    ...settingsChanged('tls', settings(before), settings(after)),
    ...(isDeepStrictEqual(files(before), files(after)) ? [] : ['tls files changed']),
  ];
}

/** Of the keys only that they differ. */
function stickyChanges(before: StickyConfig | null, after: StickyConfig | null): string[] {
  if (before === null || after === null || before.type !== after.type) return [];
  const settings = (sticky: StickyConfig): object =>
    sticky.type === 'app-cookie'
      ? { ...sticky, prefix: sticky.prefix !== null }
      : { ...sticky, keys: undefined };
  return [
    ...settingsChanged('sticky', settings(before), settings(after)),
    ...(isDeepStrictEqual(keysOf(before), keysOf(after)) ? [] : ['sticky keys changed']),
  ];
}

function keysOf(sticky: StickyConfig): readonly string[] {
  if (sticky.type === 'cookie') return sticky.keys;
  return sticky.type === 'app-cookie' ? (sticky.prefix?.keys ?? []) : [];
}

/** As the file would have it, without what follows from the address. */
function termsOf({
  weight,
  state,
  priority,
  backupFor,
  maxConnections,
}: BackendTerms & { readonly backupFor?: string | null; readonly maxConnections?: number }) {
  const group = priority === BACKUP_PRIORITY ? { backup: true } : { priority };
  return { weight, state, backupFor, maxConnections, ...group };
}

export function backendCount({ backends, nested }: UpstreamConfig): string {
  return count(backends.length + nested.length, 'backend');
}
