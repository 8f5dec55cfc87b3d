import { isDeepStrictEqual } from 'node:util';
import { certificatesChanges } from './certificates-diff.ts';
import { formatAddress } from '../shared/address.ts';
import type { Config } from '../shared/config-types.ts';
import type { ListenerConfig, ShadowConfig } from '../shared/listener-types.ts';
import { changesByName, count, difference, membersChanged, settingsChanged } from './diff-texts.ts';
import { pluginChanges } from './plugin-diff.ts';
import { backendCount, upstreamChanges } from './upstream-diff.ts';

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

function listenerChanges(before: ListenerConfig, after: ListenerConfig): string[] {
  return [
    ...settingsChanged('', plainSettings(before), plainSettings(after)),
    ...(before.rules === null || after.rules === null
      ? settingsChanged('', { rules: before.rules?.script ?? null }, { rules: after.rules?.script ?? null })
      : settingsChanged('rules', before.rules, after.rules)),
    ...('shadow' in before && 'shadow' in after ? shadowChanges(before.shadow, after.shadow) : []),
    ...routesChanged(routesOf(before), routesOf(after)),
    ...('forwarded' in before && 'forwarded' in after
      ? membersChanged('trust ', before.forwarded.trust, after.forwarded.trust)
      : []),
    ...pluginChanges(before.plugins, after.plugins),
    ...(isDeepStrictEqual(before.tls, after.tls) ? [] : ['tls changed']),
    ...('errorPages' in before &&
    'errorPages' in after &&
    !isDeepStrictEqual(before.errorPages, after.errorPages)
      ? ['error pages changed']
      : []),
  ];
}

/** What can be told by key and value. */
function plainSettings(listener: ListenerConfig): object {
  const { address, addressText } = listener;
  const socketMode = address.kind === 'unix' ? address.mode?.toString(8) : undefined;
  const ipv6Only = address.kind === 'tcp' && address.ipv6Only === true;
  return { address: addressText, ipv6Only, socketMode, ...settingsOfKind(listener) };
}

function settingsOfKind(listener: ListenerConfig): object {
  const { protocol, upstream, timeouts, limits, bandwidth } = listener;
  const common = { protocol, upstream, timeouts, limits, bandwidth };
  switch (listener.protocol) {
    case 'http':
    case 'https': {
      const { webSocket, http2, forwarded, proxyProtocol, redirectToHttps, hsts } = listener;
      const { trust: _, ...flags } = forwarded;
      return { ...common, webSocket, http2, forwarded: flags, proxyProtocol, redirectToHttps, hsts };
    }
    case 'tcp':
    case 'tls': {
      const { sni, drainTimeoutMs, proxyProtocol } = listener;
      return { ...common, sni, drainTimeoutMs, proxyProtocol };
    }
    case 'udp': {
      const { sticky, consistent, responses, datagrams, drainTimeoutMs } = listener;
      return { ...common, sticky, consistent, responses, datagrams, drainTimeoutMs };
    }
  }
}

function routesOf(listener: ListenerConfig): readonly object[] {
  return 'routes' in listener ? listener.routes : [];
}

function shadowChanges(before: ShadowConfig | null, after: ShadowConfig | null): string[] {
  if (before === null || after === null)
    return settingsChanged(
      '',
      { shadow: before?.rules.script ?? null },
      { shadow: after?.rules.script ?? null },
    );
  const settings = ({ rules, sample }: ShadowConfig) => {
    const { script, timeLimitMs, memoryLimitBytes, shadow } = rules;
    return { script, timeLimitMs, memoryLimitBytes, ...shadow, sample };
  };
  return settingsChanged('shadow', settings(before), settings(after));
}

function routesChanged(before: readonly object[], after: readonly object[]): string[] {
  const { added, removed } = difference(
    before.map((route) => JSON.stringify(route)),
    after.map((route) => JSON.stringify(route)),
  );
  return [
    ...(added.length === 0 ? [] : [`${count(added.length, 'route')} added`]),
    ...(removed.length === 0 ? [] : [`${count(removed.length, 'route')} removed`]),
  ];
}

function generalSettings(config: Config): object {
  const { workers, admin, user, group, shutdownTimeoutMs, workerTimeoutMs, log, healthLog } = config;
  const adminText = admin === null ? null : formatAddress(admin.address);
  const logs = { ...log, health: healthLog };
  return { workers, admin: adminText, user, group, shutdownTimeoutMs, workerTimeoutMs, log: logs };
}
