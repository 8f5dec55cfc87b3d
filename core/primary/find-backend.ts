import { resolveAddress } from '../config/resolve-address.ts';
import { formatAddress, parseAddress } from '../shared/address.ts';
import { upstreamText, type UpstreamOverrides } from '../shared/backend-overrides.ts';
import type { BackendConfig, BackendTerms, UpstreamConfig } from '../shared/config-types.ts';
import { didYouMean } from '../shared/nearest-name.ts';

/** The backend that a command names. */
export type FoundBackend =
  /** A row of the file. `name`: the row's own, or that of one of the addresses that its host name stands for. */
  | {
      readonly kind: 'row' | 'address' | 'nested';
      readonly name: string;
      readonly terms: BackendTerms;
      /** The row's text. */
      readonly row: string;
    }
  | { readonly kind: 'added'; readonly name: string; readonly config: BackendConfig };

/** `name`: a backend's text as status shows it, or its address written in another way. `folder`: to which paths of sockets are relative. */
export function findBackend(
  upstream: UpstreamConfig,
  { added }: UpstreamOverrides,
  name: string,
  folder: string,
): FoundBackend | null {
  const parsed = parseAddress(name);
  const address = parsed === undefined ? null : formatAddress(resolveAddress(parsed, folder));
  const find = (configs: readonly BackendConfig[]): BackendConfig | undefined =>
    configs.find(({ addressText }) => addressText === name) ??
    configs.find((config) => address !== null && formatAddress(config.address) === address);
  const row = find(upstream.backends);
  if (row !== undefined) return { kind: 'row', name: row.addressText, terms: row, row: row.addressText };
  const config = find(added);
  if (config !== undefined) return { kind: 'added', name: config.addressText, config };
  const nested = upstream.nested.find((each) => upstreamText(each.upstream) === name);
  if (nested !== undefined) return { kind: 'nested', name, terms: nested, row: name };
  const rowText = rowTextOf(name);
  const named = upstream.backends.find(({ addressText }) => addressText === rowText);
  return named === undefined ? null : { kind: 'address', name, terms: named, row: rowText };
}

/** Why there is none of this name. */
export function noSuchBackend(upstream: UpstreamConfig, { added }: UpstreamOverrides, name: string): string {
  const names = [
    ...[...upstream.backends, ...added].map(({ addressText }) => addressText),
    ...upstream.nested.map((each) => upstreamText(each.upstream)),
  ];
  const shown = names.length <= 8 ? names : [...names.slice(0, 8), `${names.length - 8} more`];
  return `upstream ${upstream.name} has no backend "${name}" (it has ${shown.join(', ')})${didYouMean(name, names)}`;
}

/** `api.internal:80` of `api.internal:80 (10.0.0.1)`; the text itself where it names no single address. */
export function rowTextOf(name: string): string {
  return /^(.+) \([0-9a-f.:%\w]+\)$/i.exec(name)?.[1] ?? name;
}
