import type { WorkerStatus } from '../ipc/messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A worker that is busier than this is left out. */
const timeoutMs = 1_000;

let lastId = 0;

/** Asks every worker; those that do not answer in time are missing from the result. `auditMs`: as for the message. */
export async function collectStatus(
  workers: readonly WorkerProcess[],
  auditMs: number | null = null,
): Promise<ReadonlyMap<WorkerProcess, WorkerStatus>> {
  const statuses = new Map<WorkerProcess, WorkerStatus>();
  await Promise.all(
    workers.map(async (worker) => {
      const id = ++lastId;
      const answer = worker.answer(
        (message) => (message.type === 'status' && message.id === id ? message.status : undefined),
        timeoutMs,
      );
      worker.send({ type: 'status', id, auditMs });
      const result = await answer;
      if (result.kind === 'answer') statuses.set(worker, result.message);
    }),
  );
  return statuses;
}
