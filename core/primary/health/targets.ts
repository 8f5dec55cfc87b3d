import type { BackendConfig, UpstreamConfig, UpstreamTlsConfig } from '../../shared/config-types.ts';
import { backendRows } from '../../upstreams/backend-rows.ts';
import type { CheckTarget } from './probe.ts';

/** A backend as one upstream has it. */
export interface BackendName {
  readonly upstream: string;
  readonly backend: string;
}

/** One check, and all the backends that it speaks for. */
export interface WantedCheck {
  readonly target: CheckTarget;
  readonly backends: readonly BackendName[];
}

/** Where only the check speaks TLS: the authorities that Node trusts. */
const STANDARD_TLS: UpstreamTlsConfig = {
  ca: null,
  verify: true,
  serverName: null,
  cert: null,
  key: null,
  policy: null,
  minVersion: 'TLSv1.2',
};

/** PROXY protocol headers for a connection that stands for no client (section 2.1 and 2.2 of its specification). */
const PREFACES = {
  v1: 'PROXY UNKNOWN\r\n',
  v2: '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0',
};

/**
 * Every check that these upstreams want, by a key that is the same after a reload as long as the check
 * is. A backend of several upstreams that check it in the same way is checked once, and one that only stands in
 * for another not at all.
 */
export function wantedChecks(
  upstreams: readonly UpstreamConfig[],
  addressesOf: (name: string) => readonly string[],
): ReadonlyMap<string, WantedCheck> {
  const wanted = new Map<string, { target: CheckTarget; backends: BackendName[] }>();
  for (const upstream of upstreams) {
    const { healthCheck: check, name } = upstream;
    if (check === null) continue;
    const tls = tlsOf(upstream);
    const preface = prefaceOf(upstream);
    const how = JSON.stringify([check, tls, preface]);
    for (const row of backendRows(upstream, addressesOf)) {
      if (row.backupFor !== null) continue;
      const address = addressOf(row, check.port);
      const key = `${JSON.stringify(address)} ${check.probe.type === 'command' ? name : ''} ${how}`;
      const backend = { upstream: name, backend: row.addressText };
      const known = wanted.get(key);
      if (known === undefined)
        wanted.set(key, { target: { check, tls, preface, address, ...backend }, backends: [backend] });
      else known.backends.push(backend);
    }
  }
  return wanted;
}

function addressOf({ address }: BackendConfig, port: number | null): CheckTarget['address'] {
  return port === null || address.kind === 'unix' ? address : { ...address, port };
}

/** As the upstream speaks, where the check does not say it by its type. On a port of its own a backend rarely speaks TLS for these. */
function tlsOf({ healthCheck, tls }: UpstreamConfig): UpstreamTlsConfig | null {
  switch (healthCheck?.probe.type) {
    case 'https':
    case 'tls':
      return tls ?? STANDARD_TLS;
    case 'http':
    case 'websocket':
      return healthCheck.port === null ? tls : null;
    case 'h2':
    case 'grpc':
      return tls;
    default:
      return null;
  }
}

function prefaceOf({ healthCheck, proxyProtocol }: UpstreamConfig): string {
  if (proxyProtocol === null || healthCheck === null || healthCheck.port !== null) return '';
  return healthCheck.probe.type === 'udp' || healthCheck.probe.type === 'command'
    ? ''
    : PREFACES[proxyProtocol];
}
