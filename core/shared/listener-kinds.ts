import type { SocketAddressConfig } from './config-types.ts';
import type { TcpListenerConfig } from './layer4-types.ts';
import type { HttpListenerConfig, ListenerConfig, RuleScriptConfig } from './listener-types.ts';

export function isHttp(listener: ListenerConfig): listener is HttpListenerConfig {
  return listener.protocol === 'http' || listener.protocol === 'https';
}

export function isTcp(listener: ListenerConfig): listener is TcpListenerConfig {
  return listener.protocol === 'tcp' || listener.protocol === 'tls';
}

/** The scripts of a listener: the one that serves, and the one that is tried. */
export function scriptsOf(listener: ListenerConfig): readonly RuleScriptConfig[] {
  const { rules } = listener;
  const shadow = isHttp(listener) ? listener.shadow : null;
  return [...(rules === null ? [] : [rules]), ...(shadow === null ? [] : [shadow.rules])];
}

/** Every address of a listener: one, or one for each port of its range. */
export function listenAddresses(listener: ListenerConfig): readonly SocketAddressConfig[] {
  const { address } = listener;
  const lastPort = isHttp(listener) ? null : listener.lastPort;
  if (lastPort === null || address.kind === 'unix') return [address];
  return Array.from({ length: lastPort - address.port + 1 }, (_, offset) => ({
    ...address,
    port: address.port + offset,
  }));
}
