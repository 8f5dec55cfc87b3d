import type { ReloadReport, ReloadTrigger } from '../admin/status-report.ts';
import { describeChanges } from '../config/diff.ts';
import { idleWeights } from '../config/idle-weights.ts';
import type { Config } from '../shared/config-types.ts';
import type { Logger } from '../shared/log.ts';
import type { Certificates } from './certificates.ts';
import type { Distribution } from './distribute.ts';
import type { HealthMonitor } from './health-monitor.ts';
import { setSocketModes } from './bind.ts';
import { bindAll, closeSocketsNotIn } from './live-plan.ts';
import type { LivePlan } from './live-plan.ts';
import type { LoadedConfig, LoadResult } from './loaded-config.ts';
import { LetGoPorts } from './let-go-ports.ts';
import { makePlan, wantedIds } from './make-plan.ts';
import type { BackendNames } from './names/backend-names.ts';
import { OneAtATime } from './one-at-a-time.ts';
import type { Quarantine } from './quarantine.ts';
import { restartWarnings } from './restart-warnings.ts';
import type { RuntimeBackends } from './runtime-backends.ts';
import type { Supervisor } from './supervisor.ts';

export interface ReloaderOptions {
  readonly supervisor: Supervisor;
  readonly quarantine: Quarantine;
  readonly names: BackendNames;
  readonly backends: RuntimeBackends;
  readonly certificates: Certificates;
  readonly health: HealthMonitor;
  readonly log: Logger;
  readonly load: () => Promise<LoadResult>;
  /** A load begins: what changes from now on is for the next one. */
  readonly onLoad: () => void;
  /** The files that the last load read; `complete`: none was missing. */
  readonly onInputs: (inputs: readonly string[], complete: boolean) => void;
}

type Attempt = {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly changes: readonly string[];
};

/** Makes a config the live one: on all workers or on none, one attempt at a time. */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #queue = new OneAtATime(() => this.#next());
  /** What asked for the next load; null: only the quarantine has changed. */
  #trigger: ReloadTrigger | null = null;
  readonly #letGo = new LetGoPorts();
  #version = 0;
  /** What the primary and the identity of its workers were set up with. */
  #started: Config | null = null;
  #loaded: LoadedConfig | null = null;
  #lastReport: ReloadReport | null = null;
  #liveSince = 0;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** The last attempt, or null before the first one. */
  get lastReport(): ReloadReport | null {
    return this.#lastReport;
  }

  /** The config that is live, as loaded. */
  get loaded(): LoadedConfig | null {
    return this.#loaded;
  }

  /** When the live snapshot was committed, in epoch milliseconds. */
  get liveSince(): number {
    return this.#liveSince;
  }

  /** Starts the workers with the first config. */
  async start(loaded: LoadedConfig): Promise<ReloadReport> {
    const { supervisor } = this.#options;
    this.#started = loaded.config;
    return this.#report('start', () =>
      this.#apply(loaded, (live) => supervisor.start(loaded.config.workers, live)),
    );
  }

  /**
   * Loads the config again and makes it live, or leaves everything as it is. Those who ask during
   * an attempt share the one after it.
   */
  reload(trigger: ReloadTrigger): Promise<ReloadReport | null> {
    this.#trigger = trigger;
    return this.#queue.run();
  }

  get isRunning(): boolean {
    return this.#queue.isRunning;
  }

  /** Makes the workers serve what the quarantine now says. */
  async replan(): Promise<void> {
    await this.#queue.run();
  }

  async #next(): Promise<ReloadReport | null> {
    const trigger = this.#trigger;
    this.#trigger = null;
    if (trigger !== null) await this.#report(trigger, () => this.#load());
    // Also after a refused reload: it may have been asked for in one go with a change of the quarantine.
    await this.#applyQuarantine();
    return this.#lastReport;
  }

  async #load(): Promise<Attempt> {
    const { load, onInputs, onLoad, supervisor } = this.#options;
    onLoad();
    const result = await load();
    onInputs(result.inputs, result.ok);
    if (!result.ok) return { problems: result.problems, warnings: [], changes: [] };
    const { config } = result.loaded;
    const attempt = await this.#apply(result.loaded, (live) => supervisor.distribute(live, 'refusal'));
    if (attempt.problems.length === 0) supervisor.resize(config.workers, config.shutdownTimeoutMs);
    return attempt;
  }

  async #apply(
    loaded: LoadedConfig,
    distribute: (live: LivePlan) => Promise<Distribution>,
  ): Promise<Attempt> {
    const { names, backends } = this.#options;
    // The workers know them before they prepare: what has no address by then has no backend at first.
    await names.add(backends.withRows(loaded.config.upstreams));
    try {
      return await this.#bindAndDistribute(loaded, distribute);
    } finally {
      names.keep(backends.withRows(this.#loaded?.config.upstreams ?? []));
    }
  }

  async #bindAndDistribute(
    loaded: LoadedConfig,
    distribute: (live: LivePlan) => Promise<Distribution>,
  ): Promise<Attempt> {
    const { supervisor, quarantine, certificates, backends, health } = this.#options;
    const held = supervisor.current?.sockets ?? new Map();
    const plan = await makePlan(this.#version, loaded, quarantine);
    const bound = await bindAll(loaded.config, held, this.#letGo);
    if (!bound.ok) return { problems: bound.problems, warnings: [], changes: [] };
    const problems = await certificates.add(loaded.config, loaded.certificates);
    if (problems.length > 0) {
      closeSocketsNotIn(bound.sockets, held);
      return { problems, warnings: [], changes: [] };
    }
    const result = await distribute({ plan, sockets: bound.sockets });
    if (!result.ok) {
      closeSocketsNotIn(bound.sockets, held);
      if (this.#loaded !== null) certificates.keep(this.#loaded.config, this.#loaded.certificates);
      return { problems: result.problems, warnings: [], changes: [] };
    }
    closeSocketsNotIn(held, bound.sockets);
    this.#letGo.add(held, bound.sockets, longestDrainMs(this.#loaded?.config));
    certificates.keep(loaded.config, loaded.certificates);
    quarantine.serving(plan.rules, wantedIds(loaded));
    const previous = this.#loaded;
    this.#loaded = loaded;
    this.#liveSince = Date.now();
    const ended = backends.revise(loaded.config);
    // Behind that: it is about the backends that are left.
    health.keep(loaded.config);
    const idle = idleWeights(loaded.config).map(({ path, message }) => `${path}: ${message}`);
    if (previous === null) return { problems: [], warnings: idle, changes: [] };
    return {
      problems: [],
      warnings: [
        ...idle,
        ...(this.#started === null ? [] : restartWarnings(this.#started, loaded.config)),
        ...setSocketModes(loaded.config.listeners.map(({ address }) => address)),
      ],
      changes: [
        ...describeChanges(previous.config, loaded.config),
        ...changedScripts(previous, loaded),
        ...changedPlugins(previous, loaded),
        ...ended,
      ],
    };
  }

  async #applyQuarantine(): Promise<void> {
    const { supervisor, quarantine, log } = this.#options;
    const live = supervisor.current;
    if (live === null || this.#loaded === null) return;
    const plan = await makePlan(this.#version + 1, this.#loaded, quarantine);
    if (
      sameRules(plan.listenerRules, live.plan.listenerRules) &&
      sameRules(plan.listenerShadows, live.plan.listenerShadows)
    )
      return;
    this.#version = plan.version;
    const result = await supervisor.distribute({ plan, sockets: live.sockets }, 'loss');
    if (!result.ok) {
      log.error({ problems: result.problems }, 'the workers refused to take a script out of service');
      return;
    }
    quarantine.serving(plan.rules, wantedIds(this.#loaded));
    this.#liveSince = Date.now();
    log.warn(
      {
        version: plan.version,
        rules: describeRules(plan.listenerRules, plan.rules),
        shadows: describeRules(plan.listenerShadows, plan.rules),
      },
      'other rules took over',
    );
  }

  async #report(trigger: ReloadTrigger, attempt: () => Promise<Attempt>): Promise<ReloadReport> {
    const { log } = this.#options;
    const at = Date.now();
    this.#version++;
    const outcome = await attempt().catch((error: unknown): Attempt => {
      log.error({ err: error }, 'an attempt to reload failed unexpectedly');
      return {
        problems: [error instanceof Error ? error.message : String(error)],
        warnings: [],
        changes: [],
      };
    });
    const ok = outcome.problems.length === 0;
    const report: ReloadReport = {
      ok,
      trigger,
      version: this.#version,
      at,
      durationMs: Date.now() - at,
      ...outcome,
    };
    this.#lastReport = report;
    if (trigger === 'start') return report;
    const { version, durationMs, problems, warnings, changes } = report;
    if (ok)
      log.info(
        { trigger, version, durationMs, changes, ...(warnings.length === 0 ? {} : { warnings }) },
        'reloaded',
      );
    else log.error({ trigger, version, durationMs, problems }, 'reload refused; what was served goes on');
    return report;
  }
}

function sameRules(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function describeRules(
  listenerRules: LivePlan['plan']['listenerRules'],
  rules: LivePlan['plan']['rules'],
): Record<string, string> {
  const files = new Map(rules.map(({ id, script }) => [id, script]));
  return Object.fromEntries(
    Object.entries(listenerRules).map(([listener, id]) => [
      listener,
      `${files.get(id) ?? '?'} (${id.slice(0, 12)})`,
    ]),
  );
}

/** How long workers may hold what a config no longer has. */
function longestDrainMs(config: Config | undefined): number {
  const drains = config?.listeners.map((each) => (each.protocol === 'udp' ? each.drainTimeoutMs : 0)) ?? [];
  return Math.max(config?.shutdownTimeoutMs ?? 0, ...drains);
}

/** A script may change without a word of the config changing. */
function changedScripts(previous: LoadedConfig, next: LoadedConfig): string[] {
  const changed = new Set<string>();
  for (const kind of ['bundles', 'shadows'] as const)
    for (const [listener, bundle] of next[kind]) {
      const before = previous[kind].get(listener);
      if (before !== undefined && before.script === bundle.script && before.code !== bundle.code)
        changed.add(bundle.script);
    }
  return [...changed].map((script) => `rule script ${script} changed`);
}

/** Itself, or something that it imports. */
function changedPlugins(previous: LoadedConfig, next: LoadedConfig): string[] {
  return [...next.plugins].flatMap(([key, bundle]) => {
    const before = previous.plugins.get(key);
    return before === undefined || before.id === bundle.id ? [] : [`plugin ${key} changed`];
  });
}
