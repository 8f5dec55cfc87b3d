import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import { distribute, type DistributeOptions, type Distribution } from './distribute.ts';
import { forkWorker, type ForkOptions } from './fork-worker.ts';
import type { LivePlan } from './live-plan.ts';
import { afterDeath, initialBackoff, type Backoff } from './respawn-backoff.ts';
import { SpareWorker } from './spare-worker.ts';
import { tryPlugins, untriedPlugins } from './try-plugins.ts';
import { describeExit, type WorkerExit, type WorkerProcess } from './worker-process.ts';

export interface SupervisorOptions extends ForkOptions {
  /** How long a worker may take to prepare a snapshot, and again to commit it. */
  readonly answerTimeoutMs: number;
  /** A worker that is to serve, before anything is sent to it. */
  readonly onWorker: (worker: WorkerProcess) => void;
  readonly onRuleFault: (ruleId: string, fault: 'time' | 'memory', detail: string) => void;
  /** A worker's unasked-for death, before its replacement starts. */
  readonly onDeath: (exit: WorkerExit) => void;
  /** What a worker that comes up has to know before its first snapshot. */
  readonly briefing: () => readonly PrimaryMessage[];
}

export interface WorkerView {
  readonly worker: WorkerProcess;
  readonly slot: number;
  readonly restarts: number;
}

type SlotState = 'starting' | 'ready' | 'retiring' | 'empty';

interface Slot {
  readonly index: number;
  worker: WorkerProcess | null;
  state: SlotState;
  /** Settles when the worker is ready or can not become so. */
  bringUp: Promise<void>;
  backoff: Backoff;
  restarts: number;
  timer: NodeJS.Timeout | undefined;
}

/** A worker that has not come up by then never will. */
const onlineTimeoutMs = 30_000;

/** Keeps the right number of workers alive and on the current snapshot. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[] = [];
  /** Drained because there are fewer workers than before; nobody waits for them but `stop`. */
  readonly #retired = new Set<WorkerProcess>();
  #current: LivePlan | null = null;
  /** How long a worker may be silent. */
  #workerTimeoutMs = 0;
  readonly #spare: SpareWorker;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#spare = new SpareWorker(() => this.#fork(), options.log);
  }

  /** The snapshot that every worker serves, or null before the first. */
  get current(): LivePlan | null {
    return this.#current;
  }

  /** Workers that serve the current snapshot. */
  ready(): readonly WorkerView[] {
    return this.#slots.flatMap(({ state, worker, index, restarts }) =>
      state === 'ready' && worker !== null ? [{ worker, slot: index, restarts }] : [],
    );
  }

  /**
   * Starts `count` workers and brings the first snapshot to all of them. No worker is replaced
   * before that has worked: what kills one now would kill the next too.
   */
  async start(count: number, first: LivePlan): Promise<Distribution> {
    this.#workerTimeoutMs = first.plan.config.workerTimeoutMs;
    for (let index = 0; index < count; index++) this.#spawn(this.#addSlot(index));
    const workers = this.#slots.flatMap((slot) => slot.worker ?? []);
    const online = await Promise.all(workers.map((worker) => this.#waitOnline(worker)));
    const problems = online.filter((problem) => problem !== null);
    if (problems.length > 0) return { ok: false, problems: [...new Set(problems)] };
    const { answerTimeoutMs: timeoutMs } = this.#options;
    const result = await distribute(workers, first, { timeoutMs, death: 'refusal' });
    if (!result.ok) return result;
    this.#current = first;
    for (const slot of this.#slots) {
      if (slot.worker?.committed != null) slot.state = 'ready';
    }
    this.#spare.keep();
    return result;
  }

  /** Brings a new snapshot to every ready worker. The workers that come up meanwhile follow by themselves. */
  async distribute(next: LivePlan, death: DistributeOptions['death']): Promise<Distribution> {
    // A script that is taken out of service must not serve for as long as that may take.
    if (death === 'refusal') {
      const problems = await this.#tryPlugins(next);
      if (problems.length > 0) return { ok: false, problems };
      await this.#awaitResponsive();
    }
    const workers = this.ready().map(({ worker }) => worker);
    if (workers.length === 0 && death === 'refusal')
      return { ok: false, problems: ['no worker is up to try it'] };
    const result = await distribute(workers, next, { timeoutMs: this.#options.answerTimeoutMs, death });
    if (result.ok) {
      this.#current = next;
      this.#workerTimeoutMs = next.plan.config.workerTimeoutMs;
    }
    return result;
  }

  /** Starts or drains workers until there are `count`. */
  resize(count: number, drainTimeoutMs: number): void {
    if (this.#stopping) return;
    for (const slot of this.#slots.splice(count)) {
      clearTimeout(slot.timer);
      const { worker } = slot;
      slot.state = 'retiring';
      slot.worker = null;
      if (worker === null) continue;
      this.#retired.add(worker);
      void worker.drain(drainTimeoutMs, true).then(() => this.#retired.delete(worker));
    }
    while (this.#slots.length < count) this.#spawn(this.#addSlot(this.#slots.length));
  }

  broadcast(message: PrimaryMessage): void {
    for (const worker of this.#living()) worker.send(message);
  }

  /**
   * As `broadcast`; resolves when every worker that serves, or is about to, has answered, died, or taken too long. `asked`:
   * without those that died.
   */
  async ask(
    message: PrimaryMessage,
    isAnswer: (answer: WorkerMessage) => boolean,
  ): Promise<{ readonly asked: number; readonly answered: number }> {
    const answers = this.#slots.flatMap(({ worker }) =>
      worker?.isOnline === true
        ? [worker.answer((answer) => (isAnswer(answer) ? true : undefined), this.#options.answerTimeoutMs)]
        : [],
    );
    this.broadcast(message);
    const kinds = (await Promise.all(answers)).map(({ kind }) => kind).filter((kind) => kind !== 'exit');
    return { asked: kinds.length, answered: kinds.filter((kind) => kind === 'answer').length };
  }

  /** Drains every worker, and kills those that are not done in time. */
  async stop(timeoutMs: number): Promise<void> {
    this.#startNoMore();
    await Promise.all(this.#living().map((worker) => worker.drain(timeoutMs, false)));
  }

  /** Ends every worker at once. */
  async kill(): Promise<void> {
    this.#startNoMore();
    const workers = this.#living();
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map((worker) => worker.exited));
  }

  #startNoMore(): void {
    this.#stopping = true;
    for (const slot of this.#slots) clearTimeout(slot.timer);
    this.#spare.close();
  }

  async #tryPlugins({ plan }: LivePlan): Promise<readonly string[]> {
    const plugins = untriedPlugins(plan, this.#current?.plan ?? null);
    if (plugins.length === 0) return [];
    const worker = this.#spare.borrow();
    // Neither of them rejects.
    const offline = await this.#waitOnline(worker);
    const { answerTimeoutMs } = this.#options;
    const problems = offline === null ? await tryPlugins(worker, plugins, plan, answerTimeoutMs) : [offline];
    this.#spare.giveBack(worker, problems.length === 0);
    return problems;
  }

  /**
   * Until each ready worker answers or has been killed for its silence, and a worker is up in its place where it was
   * the only one. One that hangs already says nothing about a new snapshot, so it must not have it refused.
   */
  async #awaitResponsive(): Promise<void> {
    const { answerTimeoutMs } = this.#options;
    await Promise.all(
      this.ready().map(({ worker }) => {
        const pong = worker.answer(({ type }) => (type === 'pong' ? true : undefined), answerTimeoutMs);
        worker.send({ type: 'ping' });
        return pong;
      }),
    );
    if (this.ready().length === 0) await Promise.all(this.#slots.map(({ bringUp }) => bringUp));
  }

  #living(): readonly WorkerProcess[] {
    return [...this.#slots.flatMap((slot) => slot.worker ?? []), ...this.#retired];
  }

  #addSlot(index: number): Slot {
    const slot: Slot = {
      index,
      worker: null,
      state: 'empty',
      bringUp: Promise.resolve(),
      backoff: initialBackoff,
      restarts: 0,
      timer: undefined,
    };
    this.#slots.push(slot);
    return slot;
  }

  #fork(): WorkerProcess {
    return forkWorker(this.#options, () => this.#workerTimeoutMs);
  }

  #spawn(slot: Slot): void {
    const { onRuleFault, onWorker } = this.#options;
    const worker = this.#spare.take() ?? this.#fork();
    worker.slot = slot.index;
    slot.worker = worker;
    slot.state = 'starting';
    worker.onMessage((message) => {
      if (message.type === 'rule-fault') onRuleFault(message.ruleId, message.fault, message.detail);
    });
    onWorker(worker);
    void worker.exited.then((exit) => this.#onExit(slot, worker, exit));
    if (this.#current !== null) slot.bringUp = this.#bringUp(slot, worker);
  }

  /** Until a new worker serves the current snapshot, which may change while it prepares. */
  async #bringUp(slot: Slot, worker: WorkerProcess): Promise<void> {
    const { log } = this.#options;
    let problems: readonly string[] = [];
    const offline = await this.#waitOnline(worker);
    if (offline !== null) problems = [offline];
    while (problems.length === 0 && slot.worker === worker && !this.#stopping) {
      const target = this.#current;
      if (target === null) return;
      const result = await distribute([worker], target, {
        timeoutMs: this.#options.answerTimeoutMs,
        death: 'refusal',
      });
      if (!result.ok) {
        // A snapshot that was replaced meanwhile may have lost its sockets on the way: the next one counts.
        if (target === this.#current) problems = result.problems;
      } else if (target === this.#current && worker.committed !== null) {
        slot.state = 'ready';
        this.#spare.keep();
        log.info({ worker: worker.pid, version: target.plan.version }, 'worker ready');
        return;
      } else if (worker.committed === null) return; // killed because it did not commit; its exit starts the next one
    }
    if (slot.worker !== worker || this.#stopping) return;
    log.error({ worker: worker.pid, problems }, 'a new worker cannot serve the current snapshot');
    worker.kill('SIGKILL');
  }

  async #waitOnline(worker: WorkerProcess): Promise<string | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<{ kind: 'timeout' }>((resolve) => {
      timer = setTimeout(resolve, onlineTimeoutMs, { kind: 'timeout' as const });
    });
    const answer = await Promise.race([worker.online(), late]);
    clearTimeout(timer);
    if (answer.kind === 'answer') {
      for (const message of this.#options.briefing()) worker.send(message);
      return null;
    }
    if (answer.kind === 'exit')
      return `worker ${worker.pid} ended while starting (${describeExit(answer.exit)})`;
    return `worker ${worker.pid} did not come up within ${onlineTimeoutMs} ms`;
  }

  #onExit(slot: Slot, worker: WorkerProcess, exit: WorkerExit): void {
    if (this.#stopping || slot.worker !== worker) return;
    slot.worker = null;
    slot.state = 'empty';
    if (this.#current === null) return;
    this.#options.onDeath(exit);
    const { state, delayMs } = afterDeath(slot.backoff, exit.livedMs);
    slot.backoff = state;
    slot.restarts++;
    this.#options.log.error(
      {
        worker: worker.pid,
        reason: describeExit(exit),
        livedMs: exit.livedMs,
        ruleId: exit.lastRuleId ?? undefined,
        replacedInMs: delayMs,
      },
      'worker died',
    );
    if (delayMs === 0) this.#spawn(slot);
    else slot.timer = setTimeout(() => this.#spawn(slot), delayMs);
  }
}
