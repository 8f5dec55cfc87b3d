import type { PluginOnError, PluginStatus } from '../core/shared/plugin-types.ts';
import { TokenBucket } from '../core/shared/token-bucket.ts';
import type { NamedUpstream } from './api.ts';
import { HOOK_NAMES, type HookName, type PluginInstance } from './contract/chain.ts';
import type { PluginLog } from './contract/context.ts';
import type { PluginHooks } from './contract/hooks.ts';
import type { FaultBreaker } from './fault-breaker.ts';
import { errorText } from './load-module.ts';
import type { PluginModule } from './load-module.ts';
import { readStatus } from './read-status.ts';
import type { PluginScope } from './scope.ts';

const ERRORS_LOGGED_PER_SECOND = 5;

export interface InstanceParts {
  /** What it is known by in every worker and from one snapshot to the next: its code, options and place. */
  readonly id: string;
  /** As the config names it. */
  readonly use: string;
  readonly attachedTo: string;
  readonly onError: PluginOnError;
  readonly module: PluginModule;
  /** Those that its options name. */
  readonly upstreams: readonly NamedUpstream[];
  readonly breaker: FaultBreaker;
  readonly log: PluginLog;
  /** Where the instance looks for the rest of Tidegate; the host changes it as snapshots come. */
  readonly surroundings: Surroundings;
  /** Ends what its context has begun. */
  readonly release: () => void;
}

/** The newest snapshot that an instance is a part of. */
export interface Surroundings {
  scope: PluginScope;
}

/** An instance that serves, in one snapshot or several. */
export class LiveInstance implements PluginInstance {
  readonly name: string;
  readonly attachedTo: string;
  readonly hooks: PluginHooks;
  readonly onError: PluginOnError;
  readonly calls = noCounts();
  readonly faults = noCounts();
  readonly parts: InstanceParts;
  /** Snapshots that it is a part of. */
  users = 0;
  readonly #errors = new TokenBucket(ERRORS_LOGGED_PER_SECOND);
  readonly #since = Date.now();
  #lastFault: string | null = null;

  constructor(parts: InstanceParts, hooks: PluginHooks) {
    this.parts = parts;
    this.name = parts.module.plugin.name;
    this.attachedTo = parts.attachedTo;
    this.onError = parts.onError;
    this.hooks = hooks;
  }

  get isResting(): boolean {
    return this.parts.breaker.isOpen(performance.now());
  }

  failed(hook: HookName, error: unknown): void {
    this.faults[hook] += 1;
    this.#lastFault = `${hook}: ${errorText(error)}`;
    const { breaker, log, module } = this.parts;
    const isBrokenOff = breaker.fault(performance.now());
    if (this.#errors.take()) {
      const dropped = this.#errors.takeDropped();
      const more = dropped === 0 ? {} : { notLogged: dropped };
      log.error({ hook, error: errorText(error), stack: module.stackOf(error), ...more }, 'a plugin failed');
    }
    if (isBrokenOff)
      log.error({ hook, error: errorText(error) }, 'a plugin failed too often and is broken off for a while');
  }

  status(): PluginStatus {
    const { id, use, module } = this.parts;
    return {
      id,
      name: this.name,
      use,
      file: module.file,
      version: module.file === null ? null : module.id.slice(0, 12),
      attachedTo: this.attachedTo,
      since: this.#since,
      calls: counted(this.calls),
      faults: counted(this.faults),
      lastFault: this.#lastFault,
      isResting: this.isResting,
      status: readStatus(this.hooks),
    };
  }

  /** After the last exchange that uses it. Resolves when the plugin is done, or its time is over. */
  async close(timeoutMs: number): Promise<void> {
    this.parts.release();
    await closeHooks(this.hooks, timeoutMs, this.parts);
  }
}

/** Lets a plugin give back what it holds. */
export async function closeHooks(
  hooks: PluginHooks,
  timeoutMs: number,
  { log, module }: Pick<InstanceParts, 'log' | 'module'>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'late');
  });
  try {
    const end = await Promise.race([late, hooks.close?.()]);
    if (end === 'late') log.warn({ timeoutMs }, 'a plugin has not closed in time');
  } catch (error) {
    log.error({ error: errorText(error), stack: module.stackOf(error) }, 'a plugin could not close');
  } finally {
    clearTimeout(timer);
  }
}

function noCounts(): Record<HookName, number> {
  return {
    connect: 0,
    tls: 0,
    request: 0,
    requestBody: 0,
    upstream: 0,
    response: 0,
    responseBody: 0,
    log: 0,
  };
}

/** Those that are not 0. */
function counted(counts: Readonly<Record<HookName, number>>): PluginStatus['calls'] {
  return Object.fromEntries(HOOK_NAMES.flatMap((hook) => (counts[hook] === 0 ? [] : [[hook, counts[hook]]])));
}
