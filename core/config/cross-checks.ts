import { unknownUpstream } from './unknown-upstream.ts';
import { backendRowFindings, slowStartFindings } from './backend-checks.ts';
import { fallbackFindings } from './fallback-checks.ts';
import { nestedUpstreamFindings } from './nested-checks.ts';
import { stickyFindings } from './sticky-checks.ts';
import { upstreamTlsFindings } from './upstream-tls-checks.ts';
import { certificatesFindings } from './certificates-checks.ts';
import type { Draft, ListenerDraft, RouteDraft } from './draft.ts';
import type { Finding } from './finding.ts';
import { healthCheckFindings } from './health-checks.ts';
import { layer4Findings } from './layer4-checks.ts';
import { httpsFindings, proxyProtocolFindings, tlsFindings } from './listener-checks.ts';
import type { RouteFile } from './route-schema.ts';
import { schedulerFindings } from './scheduler-checks.ts';
import { udpFindings } from './udp-checks.ts';
import { formatAddress } from '../shared/address.ts';
import type { SocketAddressConfig } from '../shared/config-types.ts';

/** What no single field can tell: names that must exist, and things that must not be there twice. */
export function crossChecks(draft: Draft): Finding[] {
  return [
    ...duplicateNames(draft.listeners),
    ...sharedAddresses(draft),
    ...draft.listeners.flatMap(unfitAddressSettings),
    ...tlsFindings(draft),
    ...certificatesFindings(draft),
    ...unknownUpstreams(draft),
    ...draft.listeners.flatMap((listener, index) =>
      routeFindings(listener.routes, ['listeners', index, 'routes']),
    ),
    ...draft.listeners.flatMap((listener, index) => [
      ...httpsFindings(listener, ['listeners', index]),
      ...proxyProtocolFindings(listener, ['listeners', index]),
    ]),
    ...udpFindings(draft),
    ...layer4Findings(draft),
    ...duplicateBackends(draft),
    ...backendRowFindings(draft),
    ...slowStartFindings(draft),
    ...nestedUpstreamFindings(draft),
    ...fallbackFindings(draft),
    ...upstreamTlsFindings(draft),
    ...stickyFindings(draft),
    ...schedulerFindings(draft),
    ...healthCheckFindings(draft),
  ];
}

function duplicateNames(listeners: readonly ListenerDraft[]): Finding[] {
  const seen = new Map<string, number>();
  return listeners.flatMap(({ name }, index) => {
    if (name === undefined) return [];
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, index);
      return [];
    }
    const path = ['listeners', index, 'name'];
    return [
      {
        path,
        message: `expected a name of its own, found "${name}", which is the name of listeners[${first}] too`,
      },
    ];
  });
}

function sharedAddresses(draft: Draft): Finding[] {
  const taken: (Claim & { readonly owner: string })[] = [];
  const findings: Finding[] = [];
  const claims = draft.listeners.map(({ address, ipv6Only, protocol }, index) => ({
    transport: protocol === 'udp' ? 'udp' : 'tcp',
    address,
    ipv6Only,
    owner: `listeners[${index}]`,
    path: ['listeners', index, 'address'],
  }));
  const adminAddress = draft.admin === undefined ? undefined : { ...draft.admin, lastPort: null };
  for (const { address, transport, ipv6Only, owner, path } of [
    ...claims,
    { address: adminAddress, transport: 'tcp', ipv6Only: false, owner: 'admin', path: ['admin', 'address'] },
  ]) {
    if (address === undefined) continue;
    const claim = { address: address.parsed, lastPort: address.lastPort, transport, ipv6Only };
    const other = taken.find((each) => overlap(each, claim));
    if (other !== undefined) {
      const message = `expected an address of its own, found "${address.text}", which ${other.owner} has (${claimed(other)})`;
      findings.push({ path, message });
    }
    taken.push({ ...claim, owner });
  }
  return findings;
}

/** Settings that mean nothing for the listener's kind of address. */
function unfitAddressSettings({ address, ipv6Only, socketMode }: ListenerDraft, index: number): Finding[] {
  if (address === undefined) return [];
  const findings: Finding[] = [];
  const refuse = (key: string, kind: string): void => {
    const message = `expected no \`${key}\` for an address that is no ${kind} ("${address.text}")`;
    findings.push({ path: ['listeners', index, key], message });
  };
  const isIPv6 = address.parsed.kind === 'tcp' && address.parsed.host.includes(':');
  if (ipv6Only && !isIPv6) refuse('ipv6Only', 'IPv6 address');
  if (socketMode !== undefined && address.parsed.kind !== 'unix') refuse('socketMode', 'Unix socket');
  return findings;
}

function claimed({ address, lastPort }: Claim): string {
  return lastPort === null ? formatAddress(address) : `${formatAddress(address)}-${lastPort}`;
}

interface Claim {
  readonly address: SocketAddressConfig;
  readonly lastPort: number | null;
  readonly transport: string;
  readonly ipv6Only: boolean;
}

/** Whether two sockets cannot be bound at the same time. */
function overlap(one: Claim, other: Claim): boolean {
  const { address: a } = one;
  const { address: b } = other;
  if (one.transport !== other.transport) return false;
  if (a.kind === 'unix' || b.kind === 'unix')
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path;
  // Port 0 is a free port each time.
  if (a.port === 0 || b.port === 0) return false;
  if (a.port > (other.lastPort ?? b.port) || b.port > (one.lastPort ?? a.port)) return false;
  return a.host === b.host || covers(a.host, one.ipv6Only, b.host) || covers(b.host, other.ipv6Only, a.host);
}

function covers(host: string, ipv6Only: boolean, other: string): boolean {
  if (host === '::') return !ipv6Only || other.includes(':') || other === 'localhost';
  if (host === '0.0.0.0') return !other.includes(':');
  return host === 'localhost' && (other === '127.0.0.1' || other === '::1');
}

function unknownUpstreams({ upstreams, listeners }: Draft): Finding[] {
  if (upstreams === null) return [];
  const names = [...upstreams.keys()];
  const check = (name: string | undefined, path: readonly PropertyKey[]): Finding[] =>
    name === undefined || upstreams.has(name) ? [] : [unknownUpstream(name, names, path)];
  return listeners.flatMap((listener, index) => [
    ...check(listener.upstream, ['listeners', index, 'upstream']),
    ...[...listener.routes, ...listener.tcpRoutes].flatMap((route, row) =>
      check(route.upstream, ['listeners', index, 'routes', row, 'upstream']),
    ),
  ]);
}

function routeFindings(routes: readonly RouteDraft[], base: readonly PropertyKey[]): Finding[] {
  const seen = new Map<string, number>();
  return routes.flatMap(({ row }, index): Finding[] => {
    if (row === undefined) return [];
    const path = [...base, index];
    if (row.method !== undefined && row.methods !== undefined) {
      return [{ path: [...path, 'method'], message: 'expected either `method` or `methods`, found both' }];
    }
    const headers = Object.keys(row.headers ?? {}).map((header) => header.toLowerCase());
    const twice = headers.find((header, at) => headers.indexOf(header) !== at);
    if (twice !== undefined)
      return [{ path: [...path, 'headers'], message: `expected each header once, found "${twice}" twice` }];
    const key = routeKey(row);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, index);
      return [];
    }
    return [
      {
        path,
        message: `expected a row of its own, found the same host, path, methods and headers as in routes[${first}]`,
      },
    ];
  });
}

function routeKey(row: RouteFile): string {
  const methods = (row.methods ?? (row.method === undefined ? [] : [row.method])).map((method) =>
    method.toUpperCase(),
  );
  const headers = Object.entries(row.headers ?? {}).map(([name, value]) =>
    JSON.stringify([name.toLowerCase(), value]),
  );
  return JSON.stringify([
    row.host ?? null,
    row.path ?? null,
    [...new Set(methods)].toSorted(),
    headers.toSorted(),
  ]);
}

function duplicateBackends(draft: Draft): Finding[] {
  return [...(draft.upstreams ?? [])].flatMap(([name, { backends }]) => {
    const seen = new Map<string, number>();
    return backends.flatMap((address, index) => {
      if (address === undefined) return [];
      const key = formatAddress(address.parsed);
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, index);
        return [];
      }
      const path = ['upstreams', name, 'backends', index, 'address'];
      return [
        {
          path,
          message: `expected each backend once, found "${address.text}", which is backends[${first}] too`,
        },
      ];
    });
  });
}
