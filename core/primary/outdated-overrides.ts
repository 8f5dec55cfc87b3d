import { formatAddress } from '../shared/address.ts';
import {
  upstreamText,
  type BackendOverrides,
  type ChangedBackend,
  type Override,
  type UpstreamOverrides,
} from '../shared/backend-overrides.ts';
import type { BackendTerms, UpstreamConfig } from '../shared/config-types.ts';
import { rowTextOf } from './find-backend.ts';

export interface Revised {
  readonly overrides: BackendOverrides;
  /** What commands had set and the file now has the say of, one text each. */
  readonly ended: readonly string[];
}

/** What is left of the overrides when these are the upstreams: who changes the file has the last word on what was changed. Pure. */
export function reviseOverrides(overrides: BackendOverrides, upstreams: readonly UpstreamConfig[]): Revised {
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  const ended: string[] = [];
  const kept: Record<string, UpstreamOverrides> = {};
  for (const [name, before] of Object.entries(overrides)) {
    const upstream = byName.get(name);
    if (upstream === undefined) {
      ended.push(`upstream ${name}: what commands had set went with it`);
      continue;
    }
    const after = revise(upstream, before, (backend, why) =>
      ended.push(`backend ${backend} of ${name}: what a command had set ended, since ${why}`),
    );
    if (!isEmpty(after)) kept[name] = after;
  }
  return { overrides: kept, ended };
}

export function isEmpty({ changed, removed, added }: UpstreamOverrides): boolean {
  return changed.length === 0 && removed.length === 0 && added.length === 0;
}

function revise(
  { backends, nested }: UpstreamConfig,
  { changed, removed, added }: UpstreamOverrides,
  onEnded: (backend: string, why: string) => void,
): UpstreamOverrides {
  const rows = new Map<string, BackendTerms>([
    ...backends.map((row) => [row.addressText, row] as const),
    ...nested.map((row) => [upstreamText(row.upstream), row] as const),
  ]);
  const addresses = new Set(backends.map(({ address }) => formatAddress(address)));
  return {
    changed: changed.flatMap((each) => {
      const row = rows.get(each.backend) ?? rows.get(rowTextOf(each.backend));
      if (row === undefined) {
        onEnded(each.backend, 'the file has no such backend');
        return [];
      }
      const next = { ...each, state: still(each.state, row.state), weight: still(each.weight, row.weight) };
      if (differs(each, next)) onEnded(each.backend, 'the file says something else now');
      return next.state === null && next.weight === null ? [] : [next];
    }),
    removed: removed.filter((name) => {
      if (!rows.has(name)) onEnded(name, 'the file has no such backend');
      return rows.has(name);
    }),
    added: added.filter(({ address, addressText }) => {
      const isThere = addresses.has(formatAddress(address));
      if (isThere) onEnded(addressText, 'it is in the file now');
      return !isThere;
    }),
  };
}

function still<Value>(override: Override<Value> | null, file: Value): Override<Value> | null {
  return override?.file === file ? override : null;
}

function differs(before: ChangedBackend, after: ChangedBackend): boolean {
  return before.state !== after.state || before.weight !== after.weight;
}
