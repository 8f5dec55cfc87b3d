import { isDeepStrictEqual } from 'node:util';
import type { HealthEvents } from '../admin/health-events.ts';
import type { PrimaryMessage } from '../ipc/messages.ts';
import type { Config, UpstreamConfig } from '../shared/config-types.ts';
import { ASSUMED_HEALTH } from '../shared/health-types.ts';
import type { CheckedBackend } from '../shared/health-types.ts';
import type { Logger } from '../shared/log.ts';
import { noSuchUpstream } from '../shared/nearest-name.ts';
import type { ActiveHealth } from '../upstreams/health.ts';
import { BackendCheck } from './health/backend-check.ts';
import type { HealthChange } from './health/backend-check.ts';
import { CheckRunner } from './health/check-runner.ts';
import type { HealthLog } from './health/health-log.ts';
import type { ProbeResult, StartProbe } from './health/probe.ts';
import { startProbe } from './health/probes.ts';
import { readHealthLog } from './health/read-health-log.ts';
import { wantedChecks } from './health/targets.ts';
import type { BackendName } from './health/targets.ts';
import type { Identity } from './identity.ts';

export interface HealthMonitorOptions {
  readonly log: Logger;
  readonly healthLog: HealthLog;
  /** Whom commands run as. */
  readonly identity: Identity | null;
  readonly tellAll: (message: PrimaryMessage) => void;
  /** What a host name of backends stands for. */
  readonly addressesOf: (name: string) => readonly string[];
  /** With the backends that commands added, without those that they removed. */
  readonly withRows: (upstreams: readonly UpstreamConfig[]) => readonly UpstreamConfig[];
  /** Default: real ones. */
  readonly startProbe?: StartProbe;
}

/** Checks that begin together are spread over so long for each of them, at most over their interval. */
const startSpreadMs = 1;

/** Probes the backends of the live config for all workers, and tells them what it finds. */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #runner: CheckRunner;
  /** By the key of `wantedChecks`. */
  readonly #checks = new Map<string, BackendCheck>();
  /** By upstream and backend. */
  #byBackend = new Map<string, BackendCheck>();
  #upstreams: readonly UpstreamConfig[] = [];
  readonly #untold = new Map<string, BackendName>();
  #isTelling = false;
  #isRefreshing = false;
  #isClosed = false;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#runner = new CheckRunner(options.startProbe ?? startProbe, options.identity);
  }

  /** Checks these upstreams from now on, and goes on with what is known of backends that stay. */
  keep({ upstreams, healthLog }: Config): void {
    this.#options.healthLog.use(healthLog);
    this.#upstreams = upstreams;
    this.#refresh();
  }

  /** Host names stand for other addresses now, or a command has added or removed backends. */
  rowsChanged(): void {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    // At a start many names come at once.
    setImmediate(() => {
      this.#isRefreshing = false;
      if (!this.#isClosed) this.#refresh();
    });
  }

  /** For a worker that comes up: all that is not what it assumes anyway. */
  known(): CheckedBackend[] {
    return [...this.#checks.values()]
      .flatMap(({ backends, health }) => backends.map((name) => ({ ...name, ...health })))
      .filter(isWorthTelling);
  }

  /** undefined: it is not checked. */
  find(upstream: string, backend: string): ActiveHealth | undefined {
    return this.#byBackend.get(keyOf({ upstream, backend }))?.active;
  }

  /** The health log of an upstream from `since` (epoch milliseconds) on, or why there is none. */
  async events(upstream: string, since: number): Promise<HealthEvents | string> {
    if (!this.#upstreams.some(({ name }) => name === upstream))
      return noSuchUpstream(upstream, this.#upstreams);
    const { healthLog } = this.#options;
    if (healthLog.folder === null) return 'no health log is kept (log.health is false)';
    return readHealthLog(healthLog.folder, upstream, since);
  }

  /** Resolves when the health log is written. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#runner.close();
    return this.#options.healthLog.close();
  }

  #refresh(): void {
    const { withRows, addressesOf } = this.#options;
    const wanted = wantedChecks(withRows(this.#upstreams), addressesOf);
    const before = this.#byBackend;
    for (const [key, check] of this.#checks) {
      if (wanted.has(key)) continue;
      this.#checks.delete(key);
      this.#runner.remove(check);
    }
    const added: BackendCheck[] = [];
    this.#byBackend = new Map();
    for (const [key, { target, backends }] of wanted) {
      let check = this.#checks.get(key);
      if (check === undefined) {
        check = new BackendCheck(target, backends, (...result) => this.#onChecked(...result));
        const known = backends.map((name) => before.get(keyOf(name))).find((each) => each !== undefined);
        if (known !== undefined) check.goOnFrom(known);
        this.#checks.set(key, check);
        added.push(check);
      } else check.backends = backends;
      for (const name of backends) this.#byBackend.set(keyOf(name), check);
    }
    for (const check of added) {
      const { intervalMs } = check.target.check;
      this.#runner.add(check, Math.random() * Math.min(intervalMs, added.length * startSpreadMs));
    }
    for (const [key, check] of [...before, ...this.#byBackend]) {
      const [old, now] = [before.get(key)?.health, this.#byBackend.get(key)?.health];
      if (isDeepStrictEqual(old ?? ASSUMED_HEALTH, now ?? ASSUMED_HEALTH)) continue;
      const name = check.backends.find((each) => keyOf(each) === key);
      if (name !== undefined) this.#tell(name);
    }
  }

  #onChecked(check: BackendCheck, result: ProbeResult, change: HealthChange, durationMs: number): void {
    const { log, healthLog } = this.#options;
    const { reason } = result;
    const { health, reportedState, reportedWeight } = check.health;
    for (const name of check.backends) {
      if (change.health || change.reportedState || change.reportedWeight) this.#tell(name);
      if (change.health && health === 'down') log.warn({ ...name, reason }, 'a backend is down');
      else if (change.health) log.info({ ...name, reason }, 'a backend is up');
      if (change.isImpossible) log.warn({ ...name, reason }, 'a backend cannot be checked');
      if (change.reportedState) log.info({ ...name, reportedState, reason }, 'a backend asks for a state');
      const event = change.health ? health : change.reportedState ? reportedState : null;
      healthLog.write({
        ...name,
        check: check.target.check.probe.type,
        event,
        ok: result.ok,
        health,
        reason,
        durationMs,
        reportedWeight,
      });
    }
  }

  /** At the end of the event loop's turn, all of it in one message. */
  #tell(name: BackendName): void {
    this.#untold.set(keyOf(name), name);
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      const backends = [...this.#untold].map(([key, each]) => ({
        ...each,
        ...(this.#byBackend.get(key)?.health ?? ASSUMED_HEALTH),
      }));
      this.#untold.clear();
      if (!this.#isClosed) this.#options.tellAll({ type: 'backend-health', backends });
    });
  }
}

function keyOf({ upstream, backend }: BackendName): string {
  return `${upstream} ${backend}`;
}

function isWorthTelling({ health, reportedState, reportedWeight }: CheckedBackend): boolean {
  return health === 'down' || reportedState !== 'ready' || reportedWeight !== null;
}
