import { formatAddress, parseAddress } from '../shared/address.ts';
import { BACKUP_PRIORITY } from '../shared/backup-priority.ts';
import type { BackendTerms, UpstreamConfig } from '../shared/config-types.ts';
import { DEFAULTS } from './defaults.ts';
import { resolveAddress } from './resolve-address.ts';
import type { UpstreamFile } from './upstream-schema.ts';

type Row = UpstreamFile['backends'][number];

/** The rows of an upstream: those with addresses, and those that are upstreams themselves. */
export function resolveBackends(
  rows: readonly Row[],
  folder: string,
): Pick<UpstreamConfig, 'backends' | 'nested'> {
  return {
    backends: rows.flatMap((row) => {
      const { address } = row;
      if (address === undefined) return [];
      const primary = primaryOf(row, rows);
      return [
        {
          address: resolveAddress(address.parsed, folder),
          addressText: address.text,
          backupFor: primary?.address?.text ?? null,
          ...termsOf(row, primary),
        },
      ];
    }),
    nested: rows.flatMap((row) =>
      row.upstream === undefined ? [] : [{ upstream: row.upstream, ...termsOf(row, undefined) }],
    ),
  };
}

/** A backup that steps in for another one does so in its group, and for its share. */
function termsOf(row: Row, primary: Row | undefined): BackendTerms {
  const place = primary ?? row;
  return {
    // Of a primary that is meant to get none, the backup does not take over that, too.
    weight: row.weight ?? (primary?.weight || DEFAULTS.weight),
    state: row.state,
    priority: place.backup ? BACKUP_PRIORITY : place.priority,
  };
}

/** The row that `backupFor` names, however its address is written there. */
function primaryOf({ backupFor }: Pick<Row, 'backupFor'>, rows: readonly Row[]): Row | undefined {
  const address = backupFor === undefined ? undefined : parseAddress(backupFor);
  if (address === undefined) return undefined;
  const text = formatAddress(address);
  return rows.find((row) => row.address !== undefined && formatAddress(row.address.parsed) === text);
}
