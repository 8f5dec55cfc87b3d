import { challengesOf } from './resolve-certificates.ts';
import type { CertificatesDraft, Draft, ListenerDraft } from './draft.ts';
import type { AcmeTermsFile } from './certificates-schema.ts';
import type { Finding } from './finding.ts';

/** What the certificates that are to be obtained need: each name once, a way to prove it, somebody who says yes. */
export function certificatesFindings({ certificates, listeners }: Draft): Finding[] {
  if (certificates === null) return [];
  const { acme, onDemand } = certificates;
  return [
    ...acme.flatMap(({ row, path }) => [
      ...termsFindings(row, path),
      ...wildcardFindings(row, path),
      ...(row.domains.length === 0 && onDemand === undefined && !certificates.hasOnDemand
        ? [{ path, message: 'missing: expected `domains`' }]
        : []),
    ]),
    ...duplicateNames(certificates),
    ...(onDemand?.acme === undefined
      ? []
      : termsFindings(onDemand.acme, ['certificates', 'onDemand', 'acme'])),
    ...askFindings(certificates, listeners),
  ];
}

function termsFindings(terms: AcmeTermsFile, path: readonly PropertyKey[]): Finding[] {
  const { dns, challenges } = terms;
  const findings: Finding[] = [];
  const at = challenges?.indexOf('dns-01') ?? -1;
  if (at !== -1 && dns === undefined)
    findings.push({
      path: [...path, 'challenges', at],
      message: 'expected `dns` beside "dns-01", found none',
    });
  if (dns !== undefined && challenges !== undefined && at === -1)
    findings.push({
      path: [...path, 'dns'],
      message: 'expected "dns-01" among `challenges` beside it, found none',
    });
  if (dns?.type === 'update' && dns.server.parsed.kind === 'unix')
    findings.push({
      path: [...path, 'dns', 'server'],
      message: `expected a host and a port, found "${dns.server.text}"`,
    });
  return findings;
}

function wildcardFindings(
  row: CertificatesDraft['acme'][number]['row'],
  path: readonly PropertyKey[],
): Finding[] {
  if (challengesOf(row).includes('dns-01')) return [];
  return row.domains.flatMap((domain, index) => {
    const wildcard = [domain].flat().find((name) => name.startsWith('*.'));
    if (wildcard === undefined) return [];
    const message = `expected \`dns\`${row.challenges === undefined ? '' : ' and "dns-01" among `challenges`'} beside a wildcard, which nothing else proves (RFC 8555 8.4), found none: "${wildcard}"`;
    return [{ path: [...path, 'domains', index], message }];
  });
}

function duplicateNames({ acme, selfSigned }: CertificatesDraft): Finding[] {
  const seen = new Map<string, string>();
  const findings: Finding[] = [];
  const claim = (name: string, path: readonly PropertyKey[], where: string): void => {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, where);
    else findings.push({ path, message: `expected each name once, found "${name}", which ${first} has too` });
  };
  for (const { row, path } of acme)
    for (const [index, domain] of row.domains.entries())
      for (const name of new Set([domain].flat())) {
        const rowPath = path.length > 2 ? `acme[${String(path[2])}]` : 'acme';
        claim(name, [...path, 'domains', index], `${rowPath}.domains[${index}]`);
      }
  for (const [index, name] of selfSigned.entries())
    claim(name, ['certificates', 'selfSigned', index], `selfSigned[${index}]`);
  return findings;
}

function askFindings({ onDemand }: CertificatesDraft, listeners: readonly ListenerDraft[]): Finding[] {
  if (onDemand?.ask !== 'rule') return [];
  if (listeners.some(({ protocol, rules }) => protocol === 'https' && rules !== undefined)) return [];
  const path = ['certificates', 'onDemand', 'ask'];
  return [{ path, message: 'expected `rules` on an https listener beside "rule", found none' }];
}
