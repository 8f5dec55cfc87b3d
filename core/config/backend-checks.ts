import { formatAddress, parseAddress } from '../shared/address.ts';
import type { BackendDraft, Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import { schedulerSettings } from './scheduler-schema.ts';

/** A slow start is one by weight: with a scheduler that knows none it would be none. */
export function slowStartFindings({ upstreams }: Draft): Finding[] {
  return [...(upstreams ?? [])].flatMap(([name, { scheduler, hasSlowStart }]) => {
    if (!hasSlowStart || scheduler === undefined) return [];
    if (schedulerSettings(scheduler).type !== 'round-robin') return [];
    const message =
      'expected a scheduler that goes by weights beside it, such as "weighted-round-robin", found "round-robin"';
    return [{ path: ['upstreams', name, 'slowStart'], message }];
  });
}

/** What the keys of one backend have to do with each other, and a backup with its primary. */
export function backendRowFindings({ upstreams }: Draft): Finding[] {
  return [...(upstreams ?? [])].flatMap(([name, { rows }]) =>
    rows.flatMap((row, index) => {
      const path = ['upstreams', name, 'backends', index];
      return [...placeFindings(row, path), ...pairFindings(row, rows, path)];
    }),
  );
}

function placeFindings({ keys, backup }: BackendDraft, path: readonly PropertyKey[]): Finding[] {
  const [byAddress, byUpstream] = [keys.includes('address'), keys.includes('upstream')];
  if (!byAddress && !byUpstream)
    return [{ path, message: 'missing: expected `address`, or `upstream` for another upstream' }];
  if (byAddress && byUpstream)
    return [{ path, message: 'expected either `address` or `upstream`, found both' }];
  if (backup && keys.includes('priority'))
    return [
      { path: [...path, 'priority'], message: 'expected none beside `backup`, which is the last group' },
    ];
  return [];
}

function pairFindings(
  row: BackendDraft,
  rows: readonly BackendDraft[],
  path: readonly PropertyKey[],
): Finding[] {
  const { keys, backup, backupFor } = row;
  if (backupFor === undefined) return [];
  const here = [...path, 'backupFor'];
  if (keys.includes('upstream'))
    return [{ path: here, message: 'expected it beside `address` only, found it beside `upstream`' }];
  const key = backup ? 'backup' : keys.find((each) => each === 'priority');
  if (key !== undefined)
    return [
      { path: [...path, key], message: 'expected none beside `backupFor`: the group is that of the primary' },
    ];
  const address = parseAddress(backupFor);
  const primary =
    address &&
    rows.find((other) => other.address && formatAddress(other.address.parsed) === formatAddress(address));
  if (primary === undefined)
    return [
      {
        path: here,
        message: `expected the address of another backend of this upstream, found "${backupFor}"`,
      },
    ];
  if (primary === row)
    return [{ path: here, message: 'expected the address of another backend, found its own' }];
  if (primary.keys.includes('backupFor'))
    return [{ path: here, message: `expected a backend that is no backup itself, found "${backupFor}"` }];
  return [];
}
