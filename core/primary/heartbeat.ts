import type { WorkerProcess } from './worker-process.ts';

/**
 * How often a worker is asked within its time. It is the rounds that count, not the clock: a primary that was
 * itself stopped for a while (a suspended machine, a debugger) finds one round over, and the answer in its channel.
 */
const rounds = 4;

/**
 * Asks a worker whether it is there, from when it has come up until it ends. Calls `onSilence`, once, when it has
 * answered nothing for `timeoutMs()`: a process that is stopped or stuck in native code never ends by itself.
 */
export async function watchHeartbeat(
  worker: Pick<WorkerProcess, 'online' | 'exited' | 'send' | 'onMessage'>,
  timeoutMs: () => number,
  onSilence: () => void,
): Promise<void> {
  const online = await worker.online();
  if (online.kind !== 'answer') return;
  let unanswered = 0;
  let timer: NodeJS.Timeout | undefined;
  worker.onMessage(() => {
    unanswered = 0;
  });
  const round = (): void => {
    if (unanswered === rounds) return onSilence();
    // Not again while one is unanswered: they would pile up in front of a worker that is only slow.
    if (unanswered === 0) worker.send({ type: 'ping' });
    unanswered++;
    timer = setTimeout(round, timeoutMs() / rounds);
  };
  round();
  await worker.exited;
  clearTimeout(timer);
}
