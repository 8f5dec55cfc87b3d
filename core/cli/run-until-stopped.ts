import { StartError } from '../running-tidegate.ts';
import type { RunningTidegate } from '../running-tidegate.ts';

/**
 * Runs in the foreground. SIGTERM and SIGINT drain, the second one ends at once; SIGHUP reloads; SIGUSR1 opens
 * the log files anew. Resolves with the exit status: 0 when drained, 1 when it could not start or was not let finish.
 */
export async function runUntilStopped(start: () => Promise<RunningTidegate>): Promise<number> {
  // Signals are heard from the first moment on: SIGUSR1 would open Node's debugger, SIGHUP end the process.
  const signals = new SignalInbox();
  try {
    return await signals.handle(await Promise.race([start(), signals.stoppedEarly]));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`${error.problems.join('\n')}\n`);
    return 1;
  }
}

/**
 * timeout(1), npm and terminals send one stop twice, to the process and to its group. Nobody means two
 * that come this close together.
 */
const sameSignalMs = 50;

class SignalInbox {
  readonly #early = Promise.withResolvers<never>();
  readonly #ended = Promise.withResolvers<number>();
  #running: RunningTidegate | null = null;
  #stops = 0;
  #lastStopAt = Number.NEGATIVE_INFINITY;

  constructor() {
    this.stoppedEarly.catch(() => undefined);
    process.on('SIGTERM', () => this.#stop());
    process.on('SIGINT', () => this.#stop());
    process.on('SIGHUP', () => void this.#running?.reload('signal'));
    process.on('SIGUSR1', () => this.#running?.reopenLogs());
  }

  /** Rejects when a stop is asked for before everything has started. */
  get stoppedEarly(): Promise<never> {
    return this.#early.promise;
  }

  /** Resolves with the exit status once it has stopped. */
  handle(running: RunningTidegate): Promise<number> {
    this.#running = running;
    return this.#ended.promise;
  }

  #stop(): void {
    const now = performance.now();
    if (now - this.#lastStopAt < sameSignalMs) return;
    this.#lastStopAt = now;
    this.#stops++;
    // The workers of a process that ends while it starts end with it.
    if (this.#running === null) this.#early.reject(new StartError(['ended by a signal while starting']));
    else if (this.#stops > 1) void this.#running.kill();
    else void this.#running.stop().then(() => this.#ended.resolve(this.#stops === 1 ? 0 : 1));
  }
}
