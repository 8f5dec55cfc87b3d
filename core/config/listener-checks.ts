import type { Draft, ListenerDraft } from './draft.ts';
import type { Finding } from './finding.ts';

const YEAR_MS = 365 * 86_400_000;

/** What ends TLS. */
const SECURE: readonly (string | undefined)[] = ['https', 'tls'];

/** A listener that ends TLS needs certificates, its own or those that are there for all. */
export function tlsFindings({ listeners, certificates }: Draft): Finding[] {
  return listeners.flatMap(({ protocol, hasTls, hasCertificates }, index): Finding[] => {
    const base = ['listeners', index];
    if (SECURE.includes(protocol) && !hasTls && certificates === null) {
      const message = `missing: expected \`tls\` with \`certificates\` for protocol "${protocol}", or \`certificates\` at the top level`;
      return [{ path: base, message }];
    }
    if (SECURE.includes(protocol) && hasTls && !hasCertificates && certificates === null) {
      const message = 'missing: expected `certificates`, here or at the top level';
      return [{ path: [...base, 'tls'], message }];
    }
    if ((protocol !== 'http' && protocol !== 'tcp') || !hasTls) return [];
    const message = `expected \`tls\` with protocol "${protocol === 'tcp' ? 'tls' : 'https'}" only, found protocol "${protocol}"`;
    return [{ path: [...base, 'tls'], message, atKey: true }];
  });
}

/** What a listener may say of HTTPS, given its protocol. */
export function httpsFindings(listener: ListenerDraft, base: readonly PropertyKey[]): Finding[] {
  const { protocol, redirectToHttps, hsts } = listener;
  const findings: Finding[] = [];
  if (protocol !== undefined && protocol !== 'http' && isOn(redirectToHttps)) {
    const message = `expected none on a listener of protocol ${protocol}: it is for protocol http`;
    findings.push({ path: [...base, 'redirectToHttps'], message });
  }
  if (protocol !== undefined && protocol !== 'https' && isOn(hsts)) {
    // RFC 6797 7.2: not over plain HTTP, where browsers ignore it.
    const message = `expected none on a listener of protocol ${protocol}: it is for protocol https`;
    findings.push({ path: [...base, 'hsts'], message });
  }
  if (typeof hsts === 'object' && hsts.preload && (!hsts.includeSubDomains || hsts.maxAge < YEAR_MS)) {
    // What https://hstspreload.org asks for.
    const message = 'expected `includeSubDomains` and a `maxAge` of "365d" at least beside it';
    findings.push({ path: [...base, 'hsts', 'preload'], message });
  }
  return findings;
}

/** Somebody has to be trusted, where anybody can connect. */
export function proxyProtocolFindings(listener: ListenerDraft, base: readonly PropertyKey[]): Finding[] {
  const { proxyProtocol, address } = listener;
  if (proxyProtocol === undefined || proxyProtocol.trust.length > 0 || address?.parsed.kind !== 'tcp')
    return [];
  const message = 'expected at least one address range, found none: every connection would be closed';
  return [{ path: [...base, 'proxyProtocol', 'trust'], message }];
}

function isOn(setting: object | boolean | undefined): boolean {
  return setting !== undefined && setting !== false;
}
