import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { attachedPlugins, placeText, type AttachedPlugin } from '../core/shared/attached-plugins.ts';
import type { Config } from '../core/shared/config-types.ts';
import type { PluginStatus } from '../core/shared/plugin-types.ts';
import type { Problem } from '../core/shared/problem.ts';
import type { PluginContext, PluginLog } from './contract/context.ts';
import { createHooks, validateOptions } from './create-instance.ts';
import { FaultBreaker } from './fault-breaker.ts';
import { FileWatch } from './file-watch.ts';
import { closeHooks, LiveInstance } from './instance.ts';
import { createContext } from './instance-context.ts';
import { errorText, type PluginModule } from './load-module.ts';
import { unknownUpstreams } from './named-upstreams.ts';
import { ModuleLoader, type PluginPlan } from './module-loader.ts';
import { Services, type PluginScope } from './scope.ts';
import { SnapshotPlugins } from './snapshot-plugins.ts';

/** How long an instance that nothing uses any more may take to close. */
const CLOSE_MS = 10_000;

export interface PluginHostOptions {
  readonly log: PluginLog;
  /** To the instance of this id in the other workers. */
  readonly send: (instance: string, body: string) => void;
}

export type PrepareResult =
  | { readonly ok: true; readonly plugins: SnapshotPlugins }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Prepared =
  | { readonly ok: true; readonly instance: LiveInstance }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** All plugin instances of one worker. */
export class PluginHost {
  readonly #options: PluginHostOptions;
  readonly #files = new FileWatch();
  /** By id; those that serve, or are about to. */
  readonly #instances = new Map<
    string,
    { readonly instance: LiveInstance; readonly receive: (body: string) => void }
  >();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: PluginHostOptions) {
    this.#options = options;
  }

  /**
   * Makes the instances of a snapshot beside the live ones. One whose code, options and place are what they were is the one that
   * serves already. All come about, or none stays. `request`: to the upstreams of that snapshot; `only`: no other than this one of the config.
   */
  async prepare(
    plan: PluginPlan,
    request: PluginContext['request'],
    only: string | null = null,
  ): Promise<PrepareResult> {
    const scope: PluginScope = { workers: plan.config.workers, request, services: new Services() };
    const attached = attachedPlugins(plan.config).filter(({ path }) => only === null || path === only);
    const loading = new ModuleLoader(
      plan,
      [...this.#instances.values()].map(({ instance }) => instance.parts.module),
    );
    const ids = new Map<string, number>();
    const results = await Promise.all(
      attached.map(async (each): Promise<Prepared> => {
        const loaded = await loading.load(each);
        if (!loaded.ok) return { ok: false, problems: [loaded.problem] };
        return this.#prepareOne(each, loaded.module, scope, plan.config, ids);
      }),
    );
    const problems = results.flatMap((result) => (result.ok ? [] : result.problems));
    const instances = results.flatMap((result) => (result.ok ? [result.instance] : []));
    if (problems.length > 0) {
      this.#release(instances);
      return { ok: false, problems };
    }
    for (const { attachedTo, hooks } of instances) scope.services.offer(attachedTo, hooks.provide);
    return { ok: true, plugins: new SnapshotPlugins(attached, instances, scope) };
  }

  /** The snapshot serves: what its plugins ask for, they get of it. */
  commit({ instances, scope }: SnapshotPlugins): void {
    for (const { parts } of instances) parts.surroundings.scope = scope;
  }

  /** Nothing uses the snapshot any more, or ever will: instances that no other has are closed. */
  release({ instances }: SnapshotPlugins): void {
    this.#release(instances);
  }

  /** From another worker. */
  receive(instance: string, body: string): void {
    this.#instances.get(instance)?.receive(body);
  }

  status(): PluginStatus[] {
    return [...this.#instances.values()].map(({ instance }) => instance.status());
  }

  /** Closes all; resolves when they are closed, or their time is over. */
  async close(timeoutMs: number): Promise<void> {
    for (const { instance } of this.#instances.values()) this.#close(instance, timeoutMs);
    await Promise.all(this.#closing);
  }

  async #prepareOne(
    attached: AttachedPlugin,
    module: PluginModule,
    scope: PluginScope,
    config: Config,
    ids: Map<string, number>,
  ): Promise<Prepared> {
    const id = instanceId(attached, module, ids);
    const known = this.#instances.get(id)?.instance;
    if (known !== undefined) {
      // The upstreams may have changed beside it.
      const problems = unknownUpstreams(attached, known.parts.upstreams, config);
      if (problems.length > 0) return { ok: false, problems };
      known.users += 1;
      return { ok: true, instance: known };
    }
    const options = await validateOptions(attached, module, config.file);
    if (!options.ok) return options;
    const { value, upstreams } = options.value;
    const problems = unknownUpstreams(attached, upstreams, config);
    if (problems.length > 0) return { ok: false, problems };
    const { plugin, place } = attached;
    const attachedTo = placeText(place);
    const log = logOf(this.#options.log, module.plugin.name, attachedTo);
    const surroundings = { scope };
    const { context, receive, release } = createContext({
      attachedTo,
      folder: dirname(config.file),
      log,
      files: this.#files,
      surroundings,
      send: (body) => this.#options.send(id, body),
      onListenerError: (what, error) =>
        log.error({ error: errorText(error), stack: module.stackOf(error) }, `a plugin failed at ${what}`),
    });
    const hooks = await createHooks(attached, module, value, context, {
      configFile: config.file,
      onLate: (late) => void closeHooks(late, CLOSE_MS, { log, module }),
    });
    if (!hooks.ok) {
      release();
      return hooks;
    }
    const breaker = new FaultBreaker(plugin.breaker);
    const { use, onError } = plugin;
    const instance = new LiveInstance(
      { id, use, attachedTo, onError, module, upstreams, breaker, log, surroundings, release },
      hooks.value,
    );
    instance.users = 1;
    this.#instances.set(id, { instance, receive });
    return { ok: true, instance };
  }

  #release(instances: readonly LiveInstance[]): void {
    for (const instance of instances) {
      instance.users -= 1;
      if (instance.users === 0) this.#close(instance, CLOSE_MS);
    }
  }

  #close(instance: LiveInstance, timeoutMs: number): void {
    this.#instances.delete(instance.parts.id);
    const closed = instance.close(timeoutMs).then(() => void this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}

/** What makes an instance another one. The same plugin twice at one place is two. */
function instanceId(
  { plugin: { options, onError, breaker, source }, place }: AttachedPlugin,
  module: PluginModule,
  taken: Map<string, number>,
): string {
  const key = JSON.stringify([placeText(place), source.kind, module.id, options, onError, breaker]);
  const number = taken.get(key) ?? 0;
  taken.set(key, number + 1);
  return createHash('sha256').update(`${number} ${key}`).digest('base64url').slice(0, 16);
}

function logOf(log: PluginLog, plugin: string, attachedTo: string): PluginLog {
  const own = { component: 'plugin', plugin, attachedTo };
  return {
    debug: (fields, message) => log.debug({ ...fields, ...own }, message),
    info: (fields, message) => log.info({ ...fields, ...own }, message),
    warn: (fields, message) => log.warn({ ...fields, ...own }, message),
    error: (fields, message) => log.error({ ...fields, ...own }, message),
  };
}
