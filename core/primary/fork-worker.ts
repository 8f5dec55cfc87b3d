import type { Logger } from '../shared/log.ts';
import { watchHeartbeat } from './heartbeat.ts';
import type { Identity } from './identity.ts';
import { WorkerProcess } from './worker-process.ts';

export interface ForkOptions {
  readonly workerModule: URL;
  readonly identity: Identity | null;
  readonly log: Logger;
  /** Whether the next worker has to name each rule script before it calls it. */
  readonly traceRules: () => boolean;
}

/** Starts a worker process, which is killed when it has been silent for `workerTimeoutMs()`. */
export function forkWorker(
  { log, workerModule, identity, traceRules }: ForkOptions,
  workerTimeoutMs: () => number,
): WorkerProcess {
  const worker = new WorkerProcess({
    module: workerModule,
    identity,
    traceRules: traceRules(),
    onSendError: (error) => log.debug({ worker: worker.pid, err: error }, 'a message did not reach a worker'),
  });
  void watchHeartbeat(worker, workerTimeoutMs, () => {
    log.error({ worker: worker.pid, timeoutMs: workerTimeoutMs() }, 'a worker does not answer and is killed');
    worker.kill('SIGKILL');
  });
  return worker;
}
