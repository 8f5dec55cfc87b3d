import { isDeepStrictEqual } from 'node:util';
import { certificatesChanges } from './certificates-diff.ts';
import { formatAddress } from '../shared/address.ts';
import { BACKUP_PRIORITY } from '../shared/backup-priority.ts';
import type {
  BackendConfig,
  BackendTerms,
  Config,
  ListenerConfig,
  RouteConfig,
  UpstreamConfig,
  UpstreamTlsConfig,
} from '../shared/config-types.ts';
import { formatDuration } from '../shared/duration.ts';
import type { HealthCheckConfig } from '../shared/health-types.ts';
import type { RetriesConfig } from '../shared/retry-types.ts';
import { formatSize } from '../shared/size.ts';
import type { StickyConfig } from '../shared/sticky-types.ts';

/** What is different in `next`, a line for each thing that changed, for people who read the log. Empty: nothing. */
export function describeChanges(previous: Config, next: Config): string[] {
  return [
    ...changesByName(
      'listener',
      previous.listeners,
      next.listeners,
      nameOf,
      (each) => `added at ${each.addressText}`,
      listenerChanges,
    ),
    ...changesByName(
      'upstream',
      previous.upstreams,
      next.upstreams,
      nameOf,
      (each) => `added with ${backendCount(each)}`,
      upstreamChanges,
    ),
    ...changesByName(
      'list',
      Object.entries(previous.lists),
      Object.entries(next.lists),
      ([name]) => name,
      ([, ranges]) => `added with ${count(ranges.length, 'range')}`,
      ([, before], [, after]) => membersChanged('', before, after),
    ),
    ...certificatesChanges(previous.certificates, next.certificates),
    ...settingsChanged('', generalSettings(previous), generalSettings(next)),
  ];
}

function nameOf(item: { readonly name: string }): string {
  return item.name;
}

/** `kind name: what changed`, by name and whatever the order. */
function changesByName<Item>(
  kind: string,
  previous: readonly Item[],
  next: readonly Item[],
  name: (item: Item) => string,
  added: (item: Item) => string,
  changes: (before: Item, after: Item) => readonly string[],
): string[] {
  const before = new Map(previous.map((item) => [name(item), item]));
  const after = new Map(next.map((item) => [name(item), item]));
  const removed = [...before.keys()]
    .filter((each) => !after.has(each))
    .map((each) => `${kind} ${each}: removed`);
  const others = [...after].flatMap(([each, item]) => {
    const old = before.get(each);
    const what = old === undefined ? [added(item)] : changes(old, item);
    return what.length === 0 ? [] : [`${kind} ${each}: ${what.join(', ')}`];
  });
  return [...removed, ...others];
}

function listenerChanges(before: ListenerConfig, after: ListenerConfig): string[] {
  const settings = (listener: ListenerConfig) => {
    const { address, addressText, protocol, upstream, timeouts, limits, webSocket, http2, forwarded } =
      listener;
    const { proxyProtocol, redirectToHttps, hsts } = listener;
    const { trust: _, ...flags } = forwarded;
    const socketMode = address.kind === 'unix' ? address.mode?.toString(8) : undefined;
    const ipv6Only = address.kind === 'tcp' && address.ipv6Only === true;
    return {
      address: addressText,
      ipv6Only,
      socketMode,
      protocol,
      upstream,
      timeouts,
      limits,
      webSocket,
      http2,
      forwarded: flags,
      proxyProtocol,
      redirectToHttps,
      hsts,
    };
  };
  return [
    ...settingsChanged('', settings(before), settings(after)),
    ...(before.rules === null || after.rules === null
      ? settingsChanged('', { rules: before.rules?.script ?? null }, { rules: after.rules?.script ?? null })
      : settingsChanged('rules', before.rules, after.rules)),
    ...routesChanged(before.routes, after.routes),
    ...membersChanged('trust ', before.forwarded.trust, after.forwarded.trust),
    ...(isDeepStrictEqual(before.tls, after.tls) ? [] : ['tls changed']),
    ...(isDeepStrictEqual(before.errorPages, after.errorPages) ? [] : ['error pages changed']),
  ];
}

function routesChanged(before: readonly RouteConfig[], after: readonly RouteConfig[]): string[] {
  const { added, removed } = difference(
    before.map((route) => JSON.stringify(route)),
    after.map((route) => JSON.stringify(route)),
  );
  return [
    ...(added.length === 0 ? [] : [`${count(added.length, 'route')} added`]),
    ...(removed.length === 0 ? [] : [`${count(removed.length, 'route')} removed`]),
  ];
}

function upstreamChanges(before: UpstreamConfig, after: UpstreamConfig): string[] {
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

function backendCount({ backends, nested }: UpstreamConfig): string {
  return count(backends.length + nested.length, 'backend');
}

function generalSettings(config: Config): object {
  const { workers, admin, user, group, shutdownTimeoutMs, workerTimeoutMs, log, healthLog } = config;
  const adminText = admin === null ? null : formatAddress(admin.address);
  const logs = { ...log, health: healthLog };
  return { workers, admin: adminText, user, group, shutdownTimeoutMs, workerTimeoutMs, log: logs };
}

/** `timeouts.header 10s → 5s` for each value that differs, however deep. */
function settingsChanged(path: string, before: object, after: object): string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [from, to] = [old.get(key), now.get(key)];
    if (isDeepStrictEqual(from, to)) return [];
    const inside = path === '' ? key : `${path}.${key}`;
    if (typeof from === 'object' && from !== null && typeof to === 'object' && to !== null)
      return settingsChanged(inside, from, to);
    return [`${inside.replace(/(?:Ms|Bytes)$/, '')} ${asWritten(key, from)} → ${asWritten(key, to)}`];
  });
}

/** A value as the config file would have it. */
function asWritten(key: string, value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'number' && key.endsWith('Ms')) return formatDuration(value);
  if (typeof value === 'number' && key.endsWith('Bytes')) return formatSize(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function membersChanged(what: string, before: readonly string[], after: readonly string[]): string[] {
  const { added, removed } = difference(before, after);
  return [...removed.map((each) => `${what}${each} removed`), ...added.map((each) => `${what}${each} added`)];
}

function difference(before: readonly string[], after: readonly string[]) {
  const [old, now] = [new Set(before), new Set(after)];
  return { added: after.filter((each) => !old.has(each)), removed: before.filter((each) => !now.has(each)) };
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
