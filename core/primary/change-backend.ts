import { dirname } from 'node:path';

import type { BackendChange } from '../admin/backend-change.ts';
import { DEFAULTS } from '../config/defaults.ts';
import { resolveAddress } from '../config/resolve-address.ts';
import { unixPathProblem } from '../config/unix-path-checks.ts';
import { formatAddress } from '../shared/address.ts';
import type { ChangedBackend, Override, UpstreamOverrides } from '../shared/backend-overrides.ts';
import { BACKUP_PRIORITY } from '../shared/backup-priority.ts';
import type {
  BackendConfig,
  BackendTerms,
  SocketAddressConfig,
  UpstreamConfig,
} from '../shared/config-types.ts';
import { findBackend, noSuchBackend, rowTextOf, type FoundBackend } from './find-backend.ts';

/** Of backends that are added, and of single addresses with something of their own. A config lists as many rows as it likes; commands are not meant to take its place. */
const MOST = 1000;

export type ChangeResult =
  /** `change`: what is different now; null: it was so before. */
  | { readonly ok: true; readonly overrides: UpstreamOverrides; readonly change: string | null }
  | { readonly ok: false; readonly problem: string };

type Terms = Partial<Pick<BackendTerms, 'state' | 'weight'>>;

export interface ChangeContext {
  /** To which paths of sockets are relative. */
  readonly configFile: string;
  /** What a host name stands for at present. */
  readonly addressesOf: (name: string) => readonly string[];
}

/** What commands have set for an upstream after one more. Pure. */
export function changeBackend(
  upstream: UpstreamConfig,
  overrides: UpstreamOverrides,
  change: BackendChange,
  context: ChangeContext,
): ChangeResult {
  const folder = dirname(context.configFile);
  if (change.action === 'add') return addBackend(upstream, overrides, change, folder);
  if (change.action === 'reset' && change.backend === undefined) {
    const isEmpty = [overrides.changed, overrides.removed, overrides.added].every(
      ({ length }) => length === 0,
    );
    return {
      ok: true,
      overrides: { changed: [], removed: [], added: [] },
      change: isEmpty ? null : `upstream ${upstream.name}: as the file has it`,
    };
  }
  const name = change.backend ?? '';
  const found = findBackend(upstream, overrides, name, folder);
  if (found === null) return refused(noSuchBackend(upstream, overrides, name));
  if (change.action === 'reset')
    return changed(upstream, found, overrides, forget(overrides, found), 'as the file has it');
  if (found.kind !== 'added' && overrides.removed.includes(found.row)) {
    if (change.action === 'remove') return { ok: true, overrides, change: null };
    return refused(`${found.row} was removed from ${upstream.name} by a command; \`add\` brings it back`);
  }
  if (change.action === 'remove') return removeBackend(upstream, found, overrides);
  const problem = addressProblem(upstream, overrides, found, context);
  if (problem !== null) return refused(problem);
  const terms: Terms = change.action === 'weight' ? { weight: change.weight } : { state: change.action };
  const text = change.action === 'weight' ? `weight ${change.weight}` : change.action;
  return changed(upstream, found, overrides, setTerms(overrides, found, terms), text);
}

function refused(problem: string): ChangeResult {
  return { ok: false, problem };
}

function addBackend(
  upstream: UpstreamConfig,
  overrides: UpstreamOverrides,
  { backend, weight, priority, backup }: Extract<BackendChange, { action: 'add' }>,
  folder: string,
): ChangeResult {
  if (backup && priority !== undefined)
    return refused('expected either `backup` or `priority`, found both: backups are the last group');
  const address = resolveAddress(backend.parsed, folder);
  const { added, removed } = overrides;
  const found = findBackend(upstream, overrides, formatAddress(address), folder);
  if (found !== null) {
    if (!removed.includes(found.name))
      return refused(`upstream ${upstream.name} has the backend ${found.name} already`);
    if (backup || priority !== undefined)
      return refused(
        `${found.name} comes back to its group in the file: expected neither \`backup\` nor \`priority\``,
      );
    const back = { ...overrides, removed: removed.filter((name) => name !== found.name) };
    const next = weight === undefined ? back : setTerms(back, found, { weight });
    return changed(upstream, found, overrides, next, 'back in the upstream');
  }
  const problem = unixProblem(upstream, address);
  if (problem !== null) return refused(problem);
  if (added.length >= MOST)
    return refused(`expected at most ${MOST} backends added to ${upstream.name} by commands`);
  const config: BackendConfig = {
    address,
    addressText: backend.text,
    backupFor: null,
    weight: weight ?? DEFAULTS.weight,
    state: DEFAULTS.state,
    priority: backup ? BACKUP_PRIORITY : (priority ?? DEFAULTS.priority),
  };
  return {
    ok: true,
    overrides: { ...overrides, added: [...added, config] },
    change: `backend ${backend.text} of ${upstream.name}: added`,
  };
}

/** As the config's own checks have it: what could never be connected to is refused, not added. */
function unixProblem({ tls, name }: UpstreamConfig, address: SocketAddressConfig): string | null {
  if (address.kind !== 'unix') return null;
  if (tls !== null && tls.verify && tls.serverName === null)
    return `expected an address with a host name that it could prove, since ${name} has \`tls\` without \`serverName\``;
  return unixPathProblem(address.path);
}

/** Why nothing can be set for a single address; null: it can, or it is a whole row. */
function addressProblem(
  upstream: UpstreamConfig,
  { changed: all }: UpstreamOverrides,
  found: FoundBackend,
  { addressesOf }: ChangeContext,
): string | null {
  if (found.kind !== 'address' || all.some(({ backend }) => backend === found.name)) return null;
  const address = upstream.backends.find(({ addressText }) => addressText === found.row)?.address;
  const known = address?.kind === 'tcp' ? addressesOf(address.host) : [];
  if (!known.some((ip) => `${found.row} (${ip})` === found.name))
    return `${found.name} is none of the addresses of ${found.row}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
  const single = all.filter(({ backend }) => rowTextOf(backend) !== backend).length;
  return single < MOST ? null : `expected at most ${MOST} single addresses with something of their own`;
}

function removeBackend(
  upstream: UpstreamConfig,
  found: FoundBackend,
  overrides: UpstreamOverrides,
): ChangeResult {
  switch (found.kind) {
    case 'added':
      return changed(upstream, found, overrides, forget(overrides, found), 'removed');
    case 'row': {
      const rest = forget(overrides, found);
      return changed(
        upstream,
        found,
        overrides,
        { ...rest, removed: [...rest.removed, found.row] },
        'removed',
      );
    }
    case 'address':
      return refused(
        `${found.name} is one of the addresses of ${found.row}: it can be put in maintenance, but not removed`,
      );
    case 'nested':
      return refused(`${found.name} is an upstream: it can be put in maintenance, but not removed`);
  }
}

function setTerms(overrides: UpstreamOverrides, found: FoundBackend, terms: Terms): UpstreamOverrides {
  if (found.kind === 'added') {
    const added = overrides.added.map((config) =>
      config.addressText === found.name ? { ...config, ...terms } : config,
    );
    return { ...overrides, added };
  }
  const own = overrides.changed.find(({ backend }) => backend === found.name);
  // What one address has of its own must hold although it is what the file says, where its row has something else.
  const ofRow =
    found.kind === 'address' ? overrides.changed.find(({ backend }) => backend === found.row) : undefined;
  const { state, weight } = found.terms;
  const next: ChangedBackend = {
    backend: found.name,
    state: after(terms.state, state, own?.state ?? null, ofRow?.state != null),
    weight: after(terms.weight, weight, own?.weight ?? null, ofRow?.weight != null),
  };
  return { ...overrides, changed: replaced(overrides.changed, next) };
}

/** A new value, unless the file says the same; where there is none, what was set before. */
function after<Value>(
  value: Value | undefined,
  file: Value,
  before: Override<Value> | null,
  always: boolean,
): Override<Value> | null {
  if (value === undefined) return before;
  return value === file && !always ? null : { value, file };
}

function replaced(all: readonly ChangedBackend[], next: ChangedBackend): readonly ChangedBackend[] {
  if (next.state === null && next.weight === null)
    return all.filter(({ backend }) => backend !== next.backend);
  return all.some(({ backend }) => backend === next.backend)
    ? all.map((each) => (each.backend === next.backend ? next : each))
    : [...all, next];
}

/** Without anything set for it, or for one of its addresses. */
function forget({ changed: all, removed, added }: UpstreamOverrides, found: FoundBackend): UpstreamOverrides {
  const { name } = found;
  return {
    changed: all.filter(({ backend }) => backend !== name && rowTextOf(backend) !== name),
    removed: removed.filter((each) => each !== name),
    added: added.filter(({ addressText }) => addressText !== name),
  };
}

function changed(
  upstream: UpstreamConfig,
  { name }: FoundBackend,
  before: UpstreamOverrides,
  next: UpstreamOverrides,
  text: string,
): ChangeResult {
  const isSame = JSON.stringify(before) === JSON.stringify(next);
  return {
    ok: true,
    overrides: next,
    change: isSame ? null : `backend ${name} of ${upstream.name}: ${text}`,
  };
}
