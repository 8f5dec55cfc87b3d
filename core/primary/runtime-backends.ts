import type { BackendChange, BackendChangeReport } from '../admin/backend-change.ts';
import { DEFAULTS } from '../config/defaults.ts';
import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import { hostNameOf } from '../shared/address.ts';
import {
  OverriddenTerms,
  overridesOf,
  rowsWithOverrides,
  upstreamText,
  type BackendOverrides,
} from '../shared/backend-overrides.ts';
import type { Config, SocketAddressConfig, UpstreamConfig } from '../shared/config-types.ts';
import type { Logger } from '../shared/log.ts';
import { noSuchUpstream } from '../shared/nearest-name.ts';
import { changeBackend } from './change-backend.ts';
import { isEmpty, reviseOverrides } from './outdated-overrides.ts';

export interface RuntimeBackendsOptions {
  readonly log: Logger;
  /** The config that is live; null before the first. */
  readonly config: () => Config | null;
  /** To every worker; resolves when those that serve have answered, or were given up. */
  readonly tellWorkers: (
    message: PrimaryMessage,
    isAnswer: (message: WorkerMessage) => boolean,
  ) => Promise<{ readonly asked: number; readonly answered: number }>;
  /** What a host name stands for at present. */
  readonly addressesOf: (name: string) => readonly string[];
  /** Host names of backends come, and go: begins to resolve those that are new, returns when they were answered. */
  readonly onRows: () => Promise<void>;
}

/**
 * What commands have set for backends at run time. It is kept here for as long as the primary lives: every worker has a copy,
 * and one that starts gets it before its first request.
 */
export class RuntimeBackends {
  readonly #options: RuntimeBackendsOptions;
  #overrides: BackendOverrides = {};
  #revision = 0;

  constructor(options: RuntimeBackendsOptions) {
    this.#options = options;
  }

  get overrides(): BackendOverrides {
    return this.#overrides;
  }

  message(): PrimaryMessage {
    return { type: 'backend-overrides', revision: this.#revision, overrides: this.#overrides };
  }

  /** The rows that upstreams have with what was added and removed: whose names are resolved. */
  withRows(upstreams: readonly UpstreamConfig[]): UpstreamConfig[] {
    return upstreams.map((upstream) => ({
      ...upstream,
      backends: rowsWithOverrides(upstream, overridesOf(this.#overrides, upstream.name)),
    }));
  }

  /** A config has become the live one. Returns what commands had set and does not hold any more. */
  revise({ upstreams }: Config): readonly string[] {
    const { overrides, ended } = reviseOverrides(this.#overrides, upstreams);
    if (ended.length > 0) {
      this.#set(overrides);
      void this.#tellWorkers();
    }
    return ended;
  }

  async change(change: BackendChange): Promise<BackendChangeReport> {
    const { config, log, addressesOf, onRows } = this.#options;
    const live = config();
    const upstream = live?.upstreams.find(({ name }) => name === change.upstream);
    if (live === null || upstream === undefined)
      return refused(noSuchUpstream(change.upstream, live?.upstreams ?? []));
    const before = overridesOf(this.#overrides, upstream.name);
    const result = changeBackend(upstream, before, change, { configFile: live.file, addressesOf });
    if (!result.ok) return refused(result.problem);
    const { [upstream.name]: _, ...others } = this.#overrides;
    this.#set(isEmpty(result.overrides) ? others : { ...others, [upstream.name]: result.overrides });
    const changes = result.change === null ? [] : [result.change];
    if (changes.length > 0) log.info({ upstream: upstream.name, changes }, 'backends changed by a command');
    await onRows();
    const workers = await this.#tellWorkers();
    const warnings = [
      ...(change.action === 'add' ? this.#withoutAddress(change.backend.parsed) : []),
      ...idleWeight(upstream, change),
      ...(this.#takesNone(upstream) ? [`no backend of ${upstream.name} takes new requests now`] : []),
    ];
    return { ok: true, problems: [], warnings, changes, workers };
  }

  #set(overrides: BackendOverrides): void {
    this.#overrides = overrides;
    this.#revision += 1;
  }

  #tellWorkers(): Promise<{ readonly asked: number; readonly answered: number }> {
    const revision = this.#revision;
    return this.#options.tellWorkers(
      this.message(),
      (message) => message.type === 'backend-overrides' && message.revision >= revision,
    );
  }

  #withoutAddress(added: SocketAddressConfig): string[] {
    const name = hostNameOf(added);
    return name === null || this.#options.addressesOf(name).length > 0
      ? []
      : [`no address is known for ${name} yet`];
  }

  /** Whatever the health of the backends. */
  #takesNone(upstream: UpstreamConfig): boolean {
    const overrides = overridesOf(this.#overrides, upstream.name);
    const terms = new OverriddenTerms(overrides);
    const rows = rowsWithOverrides(upstream, overrides).map((row) => terms.of(row, [row.addressText]));
    const nested = upstream.nested.map((row) => terms.of(row, [upstreamText(row.upstream)]));
    return [...rows, ...nested].every(({ state, weight }) => state !== 'ready' || weight === 0);
  }
}

/** Why a weight that was set does nothing. */
function idleWeight({ name, scheduler, sticky }: UpstreamConfig, change: BackendChange): string[] {
  const weight = 'weight' in change ? (change.weight ?? DEFAULTS.weight) : DEFAULTS.weight;
  if (scheduler.type !== 'round-robin' || sticky?.type === 'source' || weight <= DEFAULTS.weight) return [];
  return [`${name} has the scheduler round-robin, which goes by no weights but 0`];
}

function refused(problem: string): BackendChangeReport {
  return { ok: false, problems: [problem], warnings: [], changes: [], workers: { asked: 0, answered: 0 } };
}
