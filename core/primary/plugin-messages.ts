import type { PluginMessage, WorkerMessage } from '../ipc/messages.ts';
import type { Logger } from '../shared/log.ts';

/** As much of a worker as this needs. */
interface MessagedWorker {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  onMessage(listener: (message: WorkerMessage) => void): unknown;
  /** `onSent`: nothing waits any more. */
  send(message: PluginMessage, handle: undefined, onSent: () => void): void;
}

/** What may wait for a worker that does not read. */
const MOST_WAITING_BYTES = 8 * 2 ** 20;
const WARNING_EVERY_MS = 10_000;

/** Passes on what plugin instances say to their siblings in other workers. */
export class PluginMessages {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #waiting = new Map<MessagedWorker, number>();
  #warnedAt = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** A worker that is to serve, before it is asked to prepare anything. */
  attach(worker: MessagedWorker): void {
    this.#waiting.set(worker, 0);
    worker.onMessage((message) => {
      if (message.type !== 'plugin-message') return;
      for (const other of this.#waiting.keys()) if (other !== worker) this.#pass(message, other);
    });
    void worker.exited.then(() => this.#waiting.delete(worker));
  }

  #pass(message: PluginMessage, worker: MessagedWorker): void {
    const waiting = this.#waiting.get(worker) ?? 0;
    const bytes = message.body.length;
    if (waiting + bytes > MOST_WAITING_BYTES) {
      this.#drop(worker);
      return;
    }
    this.#waiting.set(worker, waiting + bytes);
    worker.send(message, undefined, () => {
      const now = this.#waiting.get(worker);
      if (now !== undefined) this.#waiting.set(worker, now - bytes);
    });
  }

  #drop(worker: MessagedWorker): void {
    this.#dropped += 1;
    if (performance.now() - this.#warnedAt < WARNING_EVERY_MS) return;
    this.#warnedAt = performance.now();
    this.#log.warn(
      { worker: worker.pid, dropped: this.#dropped },
      'messages of plugins to other workers were dropped: a worker does not read them',
    );
    this.#dropped = 0;
  }
}
