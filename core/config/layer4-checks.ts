import { CONNECTION_PLUGINS, isBuiltinPlugin } from '../shared/builtin-plugins.ts';
import type { Draft, ListenerDraft } from './draft.ts';
import type { ListenAddressFile } from './fields.ts';
import type { Finding } from './finding.ts';

/** What a listener of TCP, TLS or UDP may say, given its protocol and its upstream. */
export function layer4Findings({ listeners, upstreams }: Draft): Finding[] {
  return listeners.flatMap((listener, index) => {
    const base = ['listeners', index];
    if (listener.protocol === undefined || ['http', 'https'].includes(listener.protocol)) return [];
    return [
      ...settingFindings(listener, base),
      ...routeFindings(listener, base),
      ...pluginFindings(listener, base),
      ...loopFindings(listener, base, upstreams),
    ];
  });
}

function settingFindings(listener: ListenerDraft, base: readonly PropertyKey[]): Finding[] {
  const { protocol, sni, hasAlpn, tcpRoutes, address } = listener;
  const findings: Finding[] = [];
  const add = (key: string, message: string): void => void findings.push({ path: [...base, key], message });
  if (protocol === 'tls' && sni) add('sni', 'expected none with protocol "tls", which knows the name anyway');
  if (protocol === 'tcp' && hasAlpn) add('alpn', 'expected with protocol "tls" only, found protocol "tcp"');
  if (protocol === 'tcp' && !sni && tcpRoutes.length > 0)
    add('routes', 'expected `sni: true` beside them: without it no name of a client is known');
  if (protocol === 'udp' && address?.parsed.kind === 'unix')
    add('address', 'expected an IP address for protocol "udp", found a Unix socket');
  return findings;
}

function routeFindings({ tcpRoutes }: ListenerDraft, base: readonly PropertyKey[]): Finding[] {
  const keys = tcpRoutes.map(({ row }) =>
    row === undefined ? null : JSON.stringify([row.serverName ?? null, row.alpn ?? null]),
  );
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    if (key === null || first === index) return [];
    const message = `expected a row of its own, found the same name and ALPN as in routes[${first}]`;
    return [{ path: [...base, 'routes', index], message }];
  });
}

/** Those that look at requests would seem to guard what they never see. */
function pluginFindings({ protocol, plugins }: ListenerDraft, base: readonly PropertyKey[]): Finding[] {
  return plugins.flatMap((plugin, index) => {
    if (plugin === undefined || !isBuiltinPlugin(plugin.use)) return [];
    if (CONNECTION_PLUGINS.some((name) => name === plugin.use)) return [];
    const message = `expected a plugin that decides about connections (${CONNECTION_PLUGINS.join(', ')}), found "${plugin.use}", which is never asked with protocol "${protocol}"`;
    return [{ path: [...base, 'plugins', index, ...(plugin.inObject ? ['use'] : [])], message }];
  });
}

/** A listener that is its own backend goes round in a circle, with one datagram for ever. */
function loopFindings(
  { protocol, address, upstream, tcpRoutes }: ListenerDraft,
  base: readonly PropertyKey[],
  upstreams: Draft['upstreams'],
): Finding[] {
  if (address === undefined || upstreams === null) return [];
  const places = [
    { name: upstream, path: [...base, 'upstream'] },
    ...tcpRoutes.map((route, row) => ({ name: route.upstream, path: [...base, 'routes', row, 'upstream'] })),
  ];
  return places.flatMap(({ name, path }) => {
    const backends = name === undefined ? [] : (upstreams.get(name)?.backends ?? []);
    const own = backends.find((backend) => backend !== undefined && leadsTo(backend.parsed, address));
    if (own === undefined) return [];
    const message = `expected an upstream of others, found "${name}", whose backend ${own.text} is this listener itself (${protocol} ${address.text})`;
    return [{ path, message }];
  });
}

function leadsTo(backend: ListenAddressFile['parsed'], { parsed, lastPort }: ListenAddressFile): boolean {
  if (backend.kind === 'unix' || parsed.kind === 'unix')
    return backend.kind === 'unix' && parsed.kind === 'unix' && backend.path === parsed.path;
  if (backend.port < parsed.port || backend.port > (lastPort ?? parsed.port)) return false;
  if (backend.host === parsed.host) return true;
  const isLoopback = ['127.0.0.1', '::1', 'localhost'].includes(backend.host);
  return isLoopback && (parsed.host === '::' || (parsed.host === '0.0.0.0' && backend.host !== '::1'));
}
