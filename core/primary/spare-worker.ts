import type { Logger } from '../shared/log.ts';
import { traceForMs } from './crash-watch.ts';
import type { WorkerProcess } from './worker-process.ts';

/** How long those that have just begun to serve have the processors to themselves. */
const PAUSE_MS = 1000;

/**
 * A worker that is up and has no snapshot yet. A process takes most of a second to load on a busy
 * machine, a snapshot a few milliseconds; nobody should wait for the former when a worker dies.
 */
export class SpareWorker {
  readonly #fork: () => WorkerProcess;
  readonly #log: Logger;
  #worker: WorkerProcess | null = null;
  /** Tries what none has run yet. */
  #lent: WorkerProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** None since one was needed: where a worker has died the next may be about to. */
  #pauseMs = PAUSE_MS;
  #closed = false;

  constructor(fork: () => WorkerProcess, log: Logger) {
    this.#fork = fork;
    this.#log = log;
  }

  /** Starts one a moment later, unless there is one. To be called when a worker has become ready, so that it keeps none from that. */
  keep(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#worker === null) this.#start();
    }, this.#pauseMs).unref();
  }

  /** Also one that does not trace when the next should: to serve again at once comes first, and the spare after it will. */
  take(): WorkerProcess | null {
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) this.#pauseMs = 0;
    return worker;
  }

  /** For what is to be tried where nobody is served. Until it is given back it is no spare one: it may be blocked, and must not end for another reason. */
  borrow(): WorkerProcess {
    this.#lent = this.take() ?? this.#fork();
    return this.#lent;
  }

  /** `isFit`: all that was tried will serve. Else it ends, with what was left behind in it. */
  giveBack(worker: WorkerProcess, isFit: boolean): void {
    this.#lent = null;
    if (isFit && !this.#closed && this.#worker === null) this.#adopt(worker);
    else worker.kill('SIGKILL');
    this.keep();
  }

  /** Ends it, and starts no other. It carries nothing, so there is nothing to drain. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#drop();
    this.#lent?.kill('SIGKILL');
  }

  #start(): void {
    const worker = this.#fork();
    this.#adopt(worker);
    void worker.online().then((answer) => {
      if (answer.kind === 'answer') this.#log.debug({ worker: worker.pid }, 'spare worker up');
    });
  }

  #adopt(worker: WorkerProcess): void {
    this.#worker = worker;
    // One that dies is not replaced before the next call: what kills it now would kill the next too.
    void worker.exited.then(() => {
      if (this.#worker === worker) this.#worker = null;
    });
    if (worker.traced) setTimeout(() => this.#renew(worker), traceForMs).unref();
  }

  /** Nothing is to be traced any more. */
  #renew(worker: WorkerProcess): void {
    if (this.#worker !== worker) return;
    this.#drop();
    this.#start();
  }

  #drop(): void {
    this.#worker?.kill('SIGKILL');
    this.#worker = null;
  }
}
