import type { CertificatesConfig, KeyType } from '../core/shared/certificates-config.ts';
import { detailsOf } from './certificate-details.ts';
import { CertificateStore, entryKey, type EntryPlace, type StoredEntry } from './certificate-store.ts';
import type { ExportedCertificate, ShownCertificate } from './commands.ts';
import { IMPORTED } from './imported-certificates.ts';
import { factsOf } from './certificate-status.ts';
import { renewalTime, standing, steadyRandom } from './renewal.ts';
import type { Storage } from './storage.ts';

type Stored = ShownCertificate & { readonly exported: ExportedCertificate | null };

/**
 * What the storage of a config has, and what it lacks of what the config names, as those see it who do not serve:
 * nothing is changed. Throws what the storage throws.
 */
export async function readStoredCertificates(
  config: CertificatesConfig,
  storage: Storage,
  now: number,
): Promise<readonly Stored[]> {
  const store = new CertificateStore(storage);
  const wanted = new Map(
    config.managed.flatMap(({ names, order }) =>
      order.keyTypes.map((keyType) => {
        const place: EntryPlace = { name: names[0] ?? '', keyType };
        return [entryKey(place), { place, names }] as const;
      }),
    ),
  );
  const places = new Map([...wanted].map(([key, { place }]) => [key, place]));
  for (const place of await store.list()) places.set(entryKey(place), place);
  const rows: Stored[] = [];
  for (const [key, place] of places) {
    const result = await store.readEntry(place);
    const names = wanted.get(key)?.names ?? null;
    if (result.ok && result.entry !== null) rows.push(rowOf(config, place, result.entry, names, now));
    else rows.push(missing(place, names, result.ok ? null : { at: now, message: result.problem }));
  }
  return rows;
}

function rowOf(
  config: CertificatesConfig,
  place: EntryPlace,
  { certificate, notes }: StoredEntry,
  names: readonly string[] | null,
  now: number,
): Stored {
  const isImported = certificate.issuer === IMPORTED;
  const unnamed = isImported ? 'imported' : config.onDemand === null ? 'unused' : 'on-demand';
  const kind = names === null ? unnamed : 'managed';
  const { at } = renewalTime(certificate, notes.window, steadyRandom(certificate.serial));
  const isRenewed = kind === 'managed' || kind === 'on-demand';
  const { cert, key } = certificate;
  return {
    kind,
    names: names ?? certificate.names,
    keyType: place.keyType,
    certificate: factsOf(certificate),
    standing: standing(certificate, isRenewed ? at : 0, now),
    isOrdering: false,
    nextOrderAt: isRenewed ? at : null,
    lastError: null,
    file: entryKey(place),
    details: detailsOf(cert, { ...notes, staple: null }, now),
    exported: { name: place.name, keyType: place.keyType, cert, key },
  };
}

function missing(
  place: { readonly name: string; readonly keyType: KeyType },
  names: readonly string[] | null,
  lastError: Stored['lastError'],
): Stored {
  return {
    kind: names === null ? 'unused' : 'managed',
    names: names ?? [place.name],
    keyType: place.keyType,
    certificate: null,
    standing: 'missing',
    isOrdering: false,
    nextOrderAt: null,
    lastError,
    file: lastError === null ? null : entryKey(place),
    details: null,
    exported: null,
  };
}
