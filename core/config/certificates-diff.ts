import { isDeepStrictEqual } from 'node:util';
import type {
  CertificatesConfig,
  ManagedCertificateConfig,
  OnDemandConfig,
} from '../shared/certificates-config.ts';

/** A line for what was added, removed and changed of the certificates that are obtained. Of keys and secrets only that something differs. */
export function certificatesChanges(
  before: CertificatesConfig | null,
  after: CertificatesConfig | null,
): string[] {
  if (before === null || after === null)
    return before === after ? [] : [`certificates: ${before === null ? 'added' : 'removed'}`];
  const [old, now] = [byNames(before.managed), byNames(after.managed)];
  const changes = [
    ...(before.storage === after.storage ? [] : [`storage ${before.storage} → ${after.storage}`]),
    ...[...old.keys()].flatMap((names) => (now.has(names) ? [] : [`${names} removed`])),
    ...[...now].flatMap(([names, { order }]) => {
      const same = old.get(names);
      if (same === undefined) return [`${names} added`];
      return isDeepStrictEqual(same.order, order) ? [] : [`terms of ${names} changed`];
    }),
    ...membersChanged(before.selfSigned, after.selfSigned),
    ...onDemandChanges(before.onDemand, after.onDemand),
  ];
  return changes.length === 0 ? [] : [`certificates: ${changes.join(', ')}`];
}

function byNames(managed: readonly ManagedCertificateConfig[]): Map<string, ManagedCertificateConfig> {
  return new Map(managed.map((row) => [row.names.join(' '), row]));
}

function membersChanged(before: readonly string[], after: readonly string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((name) => !now.has(name)).map((name) => `self-signed ${name} removed`),
    ...after.filter((name) => !old.has(name)).map((name) => `self-signed ${name} added`),
  ];
}

function onDemandChanges(before: OnDemandConfig | null, after: OnDemandConfig | null): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (before === null || after === null) return [`onDemand ${before === null ? 'added' : 'removed'}`];
  return ['onDemand changed'];
}
