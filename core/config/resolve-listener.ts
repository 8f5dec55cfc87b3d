import type { TcpListenerConfig, UdpListenerConfig } from '../shared/layer4-types.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import type { TcpListenerFile, UdpListenerFile } from './layer4-schema.ts';
import type { ListenerFile } from './listener-schema.ts';
import { resolveHttpListener } from './resolve-http-listener.ts';
import { resolveBase, resolveProxyProtocol, resolveTls } from './resolve-listener-base.ts';
import type { ListenerSurroundings } from './resolve-listener-base.ts';

export function resolveListener(listener: ListenerFile, surroundings: ListenerSurroundings): ListenerConfig {
  switch (listener.protocol) {
    case 'http':
    case 'https':
      return resolveHttpListener(listener, surroundings);
    case 'tcp':
    case 'tls':
      return resolveTcpListener(listener, surroundings);
    case 'udp':
      return resolveUdpListener(listener, surroundings);
  }
}

function resolveTcpListener(
  listener: TcpListenerFile,
  surroundings: ListenerSurroundings,
): TcpListenerConfig {
  const { timeouts, limits } = listener;
  return {
    ...resolveBase(listener, surroundings.folder),
    protocol: listener.protocol,
    lastPort: listener.address.lastPort,
    tls: listener.protocol === 'tls' ? resolveTls(listener.tls, listener.alpn, surroundings) : null,
    sni: listener.sni,
    routes: listener.routes.map(({ serverName, alpn, upstream }) => ({
      serverName: serverName ?? null,
      alpn: alpn ?? null,
      upstream,
    })),
    timeouts: {
      idleMs: timeouts.idle,
      halfClosedMs: timeouts.halfClosed,
      inspectMs: timeouts.inspect,
      lifetimeMs: timeouts.lifetime,
    },
    limits: {
      connections: limits.connections,
      connectionsPerClient: limits.connectionsPerClient,
      inspectBytes: limits.inspect,
    },
    drainTimeoutMs: listener.drainTimeout,
    proxyProtocol: resolveProxyProtocol(listener.proxyProtocol),
  };
}

function resolveUdpListener(listener: UdpListenerFile, { folder }: ListenerSurroundings): UdpListenerConfig {
  const { limits, sticky, consistent, responses, datagrams } = listener;
  return {
    ...resolveBase(listener, folder),
    protocol: listener.protocol,
    lastPort: listener.address.lastPort,
    tls: null,
    timeouts: { idleMs: listener.timeouts.idle },
    limits: {
      sessions: limits.sessions,
      sessionsPerClient: limits.sessionsPerClient,
      queueBytes: limits.queue,
    },
    sticky,
    consistent,
    responses,
    datagrams,
    drainTimeoutMs: listener.drainTimeout,
  };
}
