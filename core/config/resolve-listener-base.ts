import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { SocketAddressConfig } from '../shared/config-types.ts';
import type {
  BandwidthConfig,
  ListenerBase,
  ProxyProtocolConfig,
  RuleScriptConfig,
  TlsConfig,
} from '../shared/listener-types.ts';
import { ruleSettings } from './http-listener-schema.ts';
import type { HttpListenerFile } from './http-listener-schema.ts';
import type { ListenerFile } from './listener-schema.ts';
import { resolvePlugins } from './plugin-schema.ts';
import { resolveAddress } from './resolve-address.ts';
import type { ConfigFile } from './schema.ts';
import { tls as tlsSettings } from './tls-schema.ts';
import { resolveTlsPolicy } from './tls-policy-schema.ts';

/** What the file around a listener has for it. */
export interface ListenerSurroundings {
  readonly content: Pick<ConfigFile, 'listeners' | 'certificates'>;
  /** Of the config file. */
  readonly folder: string;
  /** Of error pages and PEM files, by absolute path. */
  readonly texts: ReadonlyMap<string, string>;
}

export function resolveBase(listener: ListenerFile, folder: string): ListenerBase {
  return {
    name: listener.name,
    address: resolveListenAddress(listener, folder),
    addressText: listener.address.text,
    rules: resolveRules(listener.rules, folder),
    plugins: resolvePlugins(listener.plugins, folder),
    upstream: listener.upstream ?? null,
    bandwidth: resolveBandwidth(listener.bandwidth),
  };
}

function resolveListenAddress(listener: ListenerFile, folder: string): SocketAddressConfig {
  const { ipv6Only } = listener;
  const socketMode = 'socketMode' in listener ? listener.socketMode : undefined;
  const address = resolveAddress(listener.address.parsed, folder);
  if (address.kind === 'tcp') return ipv6Only ? { ...address, ipv6Only } : address;
  return socketMode === undefined ? address : { ...address, mode: socketMode };
}

function resolveRules(rules: HttpListenerFile['rules'], folder: string): RuleScriptConfig | null {
  if (rules === undefined) return null;
  const settings = typeof rules === 'string' ? ruleSettings.parse({ script: rules }) : rules;
  return {
    script: resolve(folder, settings.script),
    timeLimitMs: settings.timeLimit,
    memoryLimitBytes: settings.memoryLimit,
    onError: settings.onError,
    shadow: null,
  };
}

function resolveBandwidth(bandwidth: HttpListenerFile['bandwidth']): BandwidthConfig | null {
  if (bandwidth === undefined) return null;
  if (typeof bandwidth === 'number') return { listenerBytes: bandwidth, connectionBytes: null };
  return { listenerBytes: bandwidth.listener ?? null, connectionBytes: bandwidth.connection ?? null };
}

export function resolveProxyProtocol(
  proxyProtocol: HttpListenerFile['proxyProtocol'],
): ProxyProtocolConfig | null {
  if (proxyProtocol === undefined) return null;
  return { trust: proxyProtocol.trust, timeoutMs: proxyProtocol.timeout };
}

/** `protocols`: what is offered by ALPN. */
export function resolveTls(
  given: HttpListenerFile['tls'],
  protocols: readonly string[],
  { content, folder, texts }: ListenerSurroundings,
): TlsConfig {
  const tls = given ?? tlsSettings.parse({});
  const managed = content.certificates !== undefined;
  const certificates = (tls.certificates ?? []).map(({ cert, key, names }) => ({
    cert: resolve(folder, cert),
    key: resolve(folder, key),
    names: names ?? null,
  }));
  const { clientCertificates, unknownNames, ocspStapling } = tls;
  const choice = { certificates, managed, default: tls.default ?? null, unknownNames, ocspStapling };
  return {
    certificateSet: createHash('sha256').update(JSON.stringify(choice)).digest('base64url'),
    ...choice,
    protocols,
    policy: resolveTlsPolicy(tls.policy),
    clientCertificates:
      clientCertificates === undefined
        ? null
        : {
            mode: clientCertificates.mode,
            ca: texts.get(resolve(folder, clientCertificates.ca)) ?? '',
          },
    handshakeTimeoutMs: tls.handshakeTimeout,
    maxHandshakes: tls.maxHandshakes,
    ticketRotationMs: tls.ticketRotation,
    cache: tls.cache,
  };
}
