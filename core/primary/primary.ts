import type { BackendChange, BackendChangeReport } from '../admin/backend-change.ts';
import type { BackendAudit } from '../admin/backend-audit.ts';
import type { CertificateCommand, CertificateReport } from '../admin/certificate-command.ts';
import type { PluginsReport } from '../admin/plugins-report.ts';
import type { AdminApi } from '../admin/server.ts';
import type { ReloadReport, ReloadTrigger, StatusReport } from '../admin/status-report.ts';
import type { UpstreamConfig } from '../shared/config-types.ts';
import { createLogger } from '../shared/log.ts';
import type { RootLogger } from '../shared/log.ts';
import { noSuchUpstream } from '../shared/nearest-name.ts';
import { makeManager } from './acme.ts';
import { AdminServers } from './admin-servers.ts';
import { auditUpstream } from './audit.ts';
import { collectStatus } from './collect-status.ts';
import { resolveIdentity } from './identity.ts';
import type { Identity } from './identity.ts';
import { runCertificateCommand, showCertificate } from './certificate-commands.ts';
import { Certificates } from './certificates.ts';
import { WorkerChallengeBoard } from './challenge-board.ts';
import { closeSocketsNotIn } from './live-plan.ts';
import { HealthMonitor } from './health-monitor.ts';
import { HealthLog } from './health/health-log.ts';
import { loadAll } from './loaded-config.ts';
import type { LoadedConfig, LoadResult } from './loaded-config.ts';
import { prepareLogFiles } from './log-files.ts';
import { BackendNames } from './names/backend-names.ts';
import { askFrom, systemSources } from './names/name-source.ts';
import type { NameSources } from './names/name-source.ts';
import { Reloader } from './reload.ts';
import { RuntimeBackends } from './runtime-backends.ts';
import { pluginsOf } from './plugins-report.ts';
import { PluginMessages } from './plugin-messages.ts';
import { SharedSessions } from './shared-sessions.ts';
import { RuleHealth } from './rule-health.ts';
import { boundListeners, listenerAddresses, statusOf } from './status.ts';
import { Supervisor } from './supervisor.ts';
import { InputWatcher } from './watch.ts';

export interface PrimaryOptions {
  /** Absolute path. */
  readonly configFile: string;
  /** The version of Tidegate, for the status. */
  readonly version: string;
  readonly workerModule: URL;
  /** Where host names of backends are looked up. Default: where this machine does. */
  readonly names?: NameSources;
}

export type PrimaryStart =
  | { readonly ok: true; readonly primary: Primary }
  | { readonly ok: false; readonly problems: readonly string[] };

const answerTimeoutMs = 30_000;

/** Loads the config and starts everything; on failure nothing is left behind. */
export async function startPrimary(options: PrimaryOptions): Promise<PrimaryStart> {
  const load = await loadAll(options.configFile);
  if (!load.ok) return load;
  const { config } = load.loaded;
  const who = resolveIdentity(config.user, config.group);
  if (!who.ok) return { ok: false, problems: [`${options.configFile}: ${who.problem}`] };
  const logProblems = prepareLogFiles(config.log, who.identity);
  if (logProblems.length > 0) return { ok: false, problems: logProblems };
  let log: RootLogger;
  try {
    log = createLogger(config.log);
  } catch (error) {
    return { ok: false, problems: [`cannot open the log: ${messageOf(error)}`] };
  }
  const primary = new Primary(options, log, who.identity);
  const problems = await primary.start(load.loaded, load.inputs);
  return problems.length === 0 ? { ok: true, primary } : { ok: false, problems };
}

/** The control plane: what is started in which order, and stopped in the other. */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #log: RootLogger;
  readonly #identity: Identity | null;
  readonly #rules: RuleHealth;
  readonly #certificates: Certificates;
  readonly #challenges: WorkerChallengeBoard;
  readonly #supervisor: Supervisor;
  readonly #names: BackendNames;
  readonly #backends: RuntimeBackends;
  readonly #health: HealthMonitor;
  readonly #sessions: SharedSessions;
  readonly #reloader: Reloader;
  readonly #watcher: InputWatcher;
  readonly #admin = new AdminServers();
  readonly #startedAt = Date.now();
  #phase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(options: PrimaryOptions, log: RootLogger, identity: Identity | null) {
    this.#options = options;
    this.#log = log;
    this.#identity = identity;
    const component = log.child({ component: 'primary' });
    this.#rules = new RuleHealth(component, () => void this.#reloader.replan());
    this.#names = new BackendNames({
      ask: askFrom(options.names ?? systemSources),
      log: component,
      onChange: (change) => {
        this.#supervisor.broadcast({ type: 'addresses', names: [change] });
        this.#health.rowsChanged();
      },
    });
    const pluginMessages = new PluginMessages(component);
    this.#certificates = new Certificates({
      log: component,
      tellAll: (message) => this.#supervisor.broadcast(message),
      makeManager: (onChange) =>
        makeManager(
          {
            log: log.child({ component: 'certificates' }),
            board: { set: (challenges) => this.#challenges.set(challenges) },
            listeners: () => boundListeners(this.#supervisor.current),
          },
          onChange,
        ),
    });
    this.#supervisor = new Supervisor({
      workerModule: options.workerModule,
      identity,
      log: component,
      answerTimeoutMs,
      onWorker: (worker) => {
        this.#certificates.attach(worker);
        this.#sessions.attach(worker);
        pluginMessages.attach(worker);
      },
      onRuleFault: (ruleId, fault, detail) => this.#rules.fault(ruleId, fault, detail),
      onDeath: (exit) => this.#rules.death(exit),
      traceRules: () => this.#rules.traceRules(),
      briefing: () => [
        { type: 'addresses', names: this.#names.known() },
        this.#backends.message(),
        this.#challenges.message(),
        { type: 'backend-health', backends: this.#health.known() },
      ],
    });
    this.#challenges = new WorkerChallengeBoard((message, isAnswer) =>
      this.#supervisor.ask(message, isAnswer),
    );
    this.#sessions = new SharedSessions(() => this.#reloader.loaded?.config ?? null);
    this.#backends = new RuntimeBackends({
      log: component,
      config: () => this.#reloader.loaded?.config ?? null,
      tellWorkers: (message, isAnswer) => this.#supervisor.ask(message, isAnswer),
      addressesOf: (name) => this.#names.addressesOf(name),
      onRows: () => this.#resolveRows(),
    });
    this.#health = new HealthMonitor({
      log: component,
      healthLog: new HealthLog(options.configFile, component),
      identity,
      tellAll: (message) => this.#supervisor.broadcast(message),
      addressesOf: (name) => this.#names.addressesOf(name),
      withRows: (upstreams) => this.#backends.withRows(upstreams),
    });
    this.#watcher = new InputWatcher(
      (files) => {
        component.info({ files }, 'files changed');
        void this.reload('file');
      },
      (error, folder) => component.warn({ err: error, folder }, 'a folder cannot be watched for changes'),
    );
    this.#reloader = new Reloader({
      supervisor: this.#supervisor,
      quarantine: this.#rules.quarantine,
      names: this.#names,
      backends: this.#backends,
      certificates: this.#certificates,
      health: this.#health,
      log: component,
      load: () => this.#load(),
      onLoad: () => this.#watcher.markRead(),
      onInputs: (inputs, complete) => this.#watcher.watch(inputs, complete ? 'these' : 'and new ones'),
    });
  }

  /** Returns why it could not start; empty when it has. */
  async start(loaded: LoadedConfig, inputs: readonly string[]): Promise<readonly string[]> {
    const { config } = loaded;
    this.#log.info(
      { version: this.#options.version, config: config.file, workers: config.workers },
      'starting',
    );
    this.#watcher.watch(inputs, 'these');
    const problems = [...(await this.#admin.open(config, this.#adminApi()))];
    if (problems.length === 0) problems.push(...(await this.#reloader.start(loaded)).problems);
    if (problems.length > 0) {
      await this.#end(() => this.#supervisor.kill());
      return problems;
    }
    this.#phase = 'running';
    for (const [name, address] of this.addresses()) this.#log.info({ listener: name, address }, 'listening');
    this.#log.info({ workers: this.#supervisor.ready().length }, 'ready');
    return [];
  }

  /** The bound address by listener name. */
  addresses(): ReadonlyMap<string, string> {
    return listenerAddresses(this.#supervisor.current);
  }

  /** null unless it runs. */
  async reload(trigger: ReloadTrigger): Promise<ReloadReport | null> {
    return this.#phase === 'running' ? this.#reloader.reload(trigger) : null;
  }

  /** null unless it runs. */
  async changeBackend(change: BackendChange): Promise<BackendChangeReport | null> {
    return this.#phase === 'running' ? this.#backends.change(change) : null;
  }

  /** null unless it runs. */
  async #certificateCommand(command: CertificateCommand): Promise<CertificateReport | null> {
    if (this.#phase !== 'running') return null;
    const target = this.#certificates.manager.commandTarget();
    return runCertificateCommand(target, command, this.#log.child({ component: 'certificates' }));
  }

  async #resolveRows(): Promise<void> {
    const rows = (): UpstreamConfig[] =>
      this.#backends.withRows(this.#reloader.loaded?.config.upstreams ?? []);
    await this.#names.add(rows());
    // A reload under way has names of its own, and tidies up itself.
    if (!this.#reloader.isRunning) this.#names.keep(rows());
    this.#health.rowsChanged();
  }

  /** null before the first snapshot. */
  status(): Promise<StatusReport | null> {
    return statusOf({
      version: this.#options.version,
      configFile: this.#options.configFile,
      startedAt: this.#startedAt,
      supervisor: this.#supervisor,
      reloader: this.#reloader,
      quarantine: this.#rules.quarantine,
      backends: this.#backends,
      health: this.#health,
      certificates: this.#certificates.manager,
    });
  }

  async #plugins(): Promise<PluginsReport> {
    const workers = this.#supervisor.ready().map(({ worker }) => worker);
    const statuses = await collectStatus(workers);
    return pluginsOf(this.#supervisor.current?.plan.config ?? null, [...statuses.values()]);
  }

  /** The audit, or why there is none. */
  async audit(upstream: string, windowMs: number): Promise<BackendAudit | string> {
    const upstreams = this.#supervisor.current?.plan.config.upstreams ?? [];
    const config = upstreams.find(({ name }) => name === upstream);
    if (config === undefined) return noSuchUpstream(upstream, upstreams);
    const workers = this.#supervisor.ready().map(({ worker }) => worker);
    return auditUpstream(config, windowMs, [...(await collectStatus(workers, windowMs)).values()]);
  }

  reopenLogs(): void {
    const config = this.#reloader.loaded?.config;
    const problems = config === undefined ? [] : prepareLogFiles(config.log, this.#identity);
    try {
      this.#log.reopen();
    } catch (error) {
      this.#log.error({ err: error }, 'the log file could not be opened anew');
    }
    if (problems.length > 0) this.#log.error({ problems }, 'log files could not be prepared for the workers');
    this.#supervisor.broadcast({ type: 'reopen-logs' });
    this.#log.info('log files opened anew');
  }

  /** Lets what runs finish, for as long as the config allows, and ends. */
  async stop(): Promise<void> {
    const timeoutMs = this.#reloader.loaded?.config.shutdownTimeoutMs ?? 0;
    this.#log.info({ timeoutMs }, 'draining');
    await this.#end(() => this.#supervisor.stop(timeoutMs));
  }

  /** Ends at once, also when it drains already. */
  async kill(): Promise<void> {
    if (this.#phase === 'stopping') await this.#supervisor.kill();
    else await this.#end(() => this.#supervisor.kill());
  }

  /** A reload that finds other log files lets the workers write them before it asks them to. */
  async #load(): Promise<LoadResult> {
    const result = await loadAll(this.#options.configFile, this.#reloader.loaded);
    if (!result.ok) return result;
    const problems = prepareLogFiles(result.loaded.config.log, this.#identity);
    return problems.length === 0 ? result : { ok: false, problems, inputs: result.inputs };
  }

  #adminApi(): AdminApi {
    return {
      status: () => this.status(),
      reload: () => this.reload('command'),
      plugins: () => this.#plugins(),
      audit: (upstream, windowMs) => this.audit(upstream, windowMs),
      healthEvents: (upstream, since) => this.#health.events(upstream, since),
      changeBackend: (change) => this.changeBackend(change),
      showCertificate: (name) => showCertificate(this.#certificates.manager.commandTarget(), name),
      certificateCommand: (command) => this.#certificateCommand(command),
    };
  }

  async #end(endWorkers: () => Promise<void>): Promise<void> {
    this.#phase = 'stopping';
    this.#watcher.close();
    this.#names.close();
    const certificatesClosed = this.#certificates.close();
    const healthClosed = this.#health.close();
    const ended = endWorkers();
    // With the workers' copies closed too, new connections are refused while the old ones drain.
    closeSocketsNotIn(this.#supervisor.current?.sockets ?? new Map(), new Map());
    await Promise.all([ended, certificatesClosed]);
    this.#admin.close();
    this.#log.info('stopped');
    await healthClosed;
    await this.#log.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
