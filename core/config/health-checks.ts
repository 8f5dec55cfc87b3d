import type { Draft, UpstreamDraft } from './draft.ts';
import type { Finding } from './finding.ts';
import type { HealthCheckFile } from './health-schema.ts';

type CheckType = HealthCheckFile['type'];

const HTTP: readonly CheckType[] = ['http', 'https', 'h2'];

/** Settings that belong to some types of check only. */
const BELONGS: Readonly<Record<string, readonly CheckType[]>> = {
  method: HTTP,
  path: [...HTTP, 'websocket'],
  host: [...HTTP, 'websocket', 'grpc'],
  headers: [...HTTP, 'websocket'],
  status: HTTP,
  body: HTTP,
  weightField: HTTP,
  reuse: ['http', 'https'],
  service: ['grpc'],
  send: ['tcp', 'tls', 'udp', 'agent'],
  expect: ['tcp', 'tls', 'udp'],
  command: ['command'],
};

/** What a health check's settings have to do with its type and with the backends. */
export function healthCheckFindings({ upstreams }: Draft): Finding[] {
  return [...(upstreams ?? [])].flatMap(([name, upstream]) => {
    const { healthCheck } = upstream;
    if (healthCheck?.type === undefined) return [];
    const path = ['upstreams', name, 'healthCheck'];
    return [
      ...misplaced(healthCheck.keys, healthCheck.type, path),
      ...unfit(upstream, healthCheck.type, healthCheck.keys, path),
    ];
  });
}

function misplaced(keys: readonly string[], type: CheckType, path: readonly PropertyKey[]): Finding[] {
  return keys.flatMap((key) => {
    const types = Object.hasOwn(BELONGS, key) ? BELONGS[key] : undefined;
    if (types === undefined || types.includes(type)) return [];
    const found = types.map((each) => `"${each}"`).join(', ');
    return [
      {
        path: [...path, key],
        message: `expected it with type ${found} only, found type "${type}"`,
        atKey: true,
      },
    ];
  });
}

function unfit(
  { backends }: UpstreamDraft,
  type: CheckType,
  keys: readonly string[],
  path: readonly PropertyKey[],
): Finding[] {
  if (type === 'command' && !keys.includes('command'))
    return [{ path, message: 'missing: expected `command` for type "command"' }];
  const unix = backends.findIndex((address) => address?.parsed.kind === 'unix');
  if (unix === -1 || type === 'command') return [];
  if (type === 'udp')
    return [{ path, message: `expected another type than "udp", since backends[${unix}] is a Unix socket` }];
  const misfit = ['port', 'sourceAddress'].find((key) => keys.includes(key));
  if (misfit === undefined) return [];
  return [
    {
      path: [...path, misfit],
      message: `expected no \`${misfit}\`, since backends[${unix}] is a Unix socket`,
      atKey: true,
    },
  ];
}
