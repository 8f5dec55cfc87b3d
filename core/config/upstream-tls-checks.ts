import type { Draft, UpstreamDraft } from './draft.ts';
import type { Finding } from './finding.ts';

/** What the protocol of an upstream, its TLS settings and its backends have to do with each other. */
export function upstreamTlsFindings({ upstreams }: Draft): Finding[] {
  return [...(upstreams ?? [])].flatMap(([name, upstream]) => {
    const path = ['upstreams', name];
    return [...protocolFindings(upstream, path), ...settingFindings(upstream, path)];
  });
}

function protocolFindings({ protocol, tls }: UpstreamDraft, path: readonly PropertyKey[]): Finding[] {
  if (protocol === undefined || tls === undefined) return [];
  if ((protocol === 'h2' || protocol === 'auto') && tls === false)
    return [
      {
        path: [...path, 'protocol'],
        message: `expected \`tls\` with "${protocol}", found none${protocol === 'h2' ? '; HTTP/2 without TLS is "h2c"' : ''}`,
      },
    ];
  if (protocol === 'h2c' && tls !== false)
    return [
      {
        path: [...path, 'protocol'],
        message: 'expected no `tls` with "h2c", found it; HTTP/2 over TLS is "h2"',
      },
    ];
  return [];
}

function settingFindings({ tls, backends }: UpstreamDraft, path: readonly PropertyKey[]): Finding[] {
  if (tls === undefined || tls === false) return [];
  const settings: Partial<Exclude<typeof tls, true>> = tls === true ? {} : tls;
  const findings: Finding[] = [];
  if ((settings.cert === undefined) !== (settings.key === undefined)) {
    const [there, missing] = settings.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    findings.push({
      path: [...path, 'tls', there],
      message: `expected \`${missing}\` besides, found \`${there}\` alone`,
    });
  }
  if (settings.policy !== undefined && settings.minVersion !== undefined)
    findings.push({
      path: [...path, 'tls', 'minVersion'],
      message: 'expected it within `policy`, found it besides',
    });
  const nameless = backends.findIndex((address) => address?.parsed.kind === 'unix');
  if (nameless !== -1 && settings.serverName === undefined && settings.verify !== false)
    findings.push({
      path: [...path, 'tls'],
      message: `expected \`serverName\`, since backends[${nameless}] has no host name that it could prove`,
    });
  return findings;
}
