import type { WorkerMessage } from '../ipc/messages.ts';
import type { BoundSocket } from './bind.ts';
import type { LivePlan } from './live-plan.ts';
import { describeExit } from './worker-process.ts';
import type { Answer, WorkerProcess } from './worker-process.ts';

export type Distribution =
  /** `lost`: workers that died, or had to be killed because they did not commit. */
  { readonly ok: true; readonly lost: number } | { readonly ok: false; readonly problems: readonly string[] };

export interface DistributeOptions {
  /** How long a worker may take to prepare, and again to commit. */
  readonly timeoutMs: number;
  /**
   * What a death before the commit means: 'refusal' for a new config, which may be its cause;
   * 'loss' for taking a script out of service, which must not be stopped by the deaths that it is to end.
   */
  readonly death: 'refusal' | 'loss';
}

type Prepared =
  { readonly kind: 'prepared' } | { readonly kind: 'refused'; readonly problems: readonly string[] };

/**
 * Brings one snapshot to all of `workers` or to none: every one prepares it beside the live one;
 * when all have, all swap, else all forget it.
 */
export async function distribute(
  workers: readonly WorkerProcess[],
  live: LivePlan,
  options: DistributeOptions,
): Promise<Distribution> {
  const { version } = live.plan;
  const answers = await Promise.all(workers.map((worker) => prepare(worker, live, options.timeoutMs)));

  const problems: string[] = [];
  const prepared: WorkerProcess[] = [];
  answers.forEach((answer, index) => {
    const worker = workers[index];
    if (worker === undefined) return;
    if (answer.kind === 'timeout')
      problems.push(`worker ${worker.pid} did not prepare the snapshot within ${options.timeoutMs} ms`);
    else if (answer.kind === 'exit') {
      if (options.death === 'refusal')
        problems.push(`worker ${worker.pid} ended while preparing (${describeExit(answer.exit)})`);
    } else if (answer.message.kind === 'refused') problems.push(...answer.message.problems);
    else prepared.push(worker);
  });
  if (problems.length > 0) {
    for (const worker of workers) worker.send({ type: 'rollback', version });
    return { ok: false, problems: [...new Set(problems)] };
  }

  // From here on there is no way back: a worker that cannot follow is replaced by one that serves the new snapshot.
  const commits = await Promise.all(prepared.map((worker) => commit(worker, version, options.timeoutMs)));
  let lost = workers.length - prepared.length;
  commits.forEach((answer, index) => {
    const worker = prepared[index];
    if (worker === undefined) return;
    if (answer.kind === 'answer') {
      worker.committed = { version, sockets: new Set(socketsFor(worker, live).keys()) };
      return;
    }
    lost++;
    if (answer.kind === 'timeout') worker.kill('SIGKILL');
  });
  return { ok: true, lost };
}

function prepare(worker: WorkerProcess, live: LivePlan, timeoutMs: number): Promise<Answer<Prepared>> {
  const { version } = live.plan;
  const answer = worker.answer((message: WorkerMessage): Prepared | undefined => {
    if (message.type === 'prepared' && message.version === version) return { kind: 'prepared' };
    if (message.type === 'refused' && message.version === version)
      return { kind: 'refused', problems: message.problems };
    return undefined;
  }, timeoutMs);
  for (const [key, { handle, udp }] of socketsFor(worker, live)) {
    if (worker.committed?.sockets.has(key) === true) continue;
    if (udp === undefined) worker.send({ type: 'socket', key }, handle);
    else worker.send({ type: 'udp-socket', key: udp.key, localAddress: udp.localAddress }, handle);
  }
  worker.send({ type: 'prepare', plan: live.plan });
  return answer;
}

function commit(worker: WorkerProcess, version: number, timeoutMs: number): Promise<Answer<true>> {
  const answer = worker.answer(
    (message) => (message.type === 'committed' && message.version === version ? true : undefined),
    timeoutMs,
  );
  worker.send({ type: 'commit', version });
  return answer;
}

/** Those that the worker is to hold, by what they are for it: all, but of the UDP sockets of an address its own. */
function socketsFor(worker: WorkerProcess, { plan, sockets }: LivePlan): ReadonlyMap<string, BoundSocket> {
  // One too many, which is about to go, has a part in what a new listener gets.
  const slot = worker.slot % plan.config.workers;
  const own = [...sockets].flatMap(([key, socket]): [string, BoundSocket][] => {
    const { udp } = socket;
    if (udp === undefined) return [[key, socket]];
    return udp.slot === slot ? [[`${udp.key}|${udp.localAddress}`, socket]] : [];
  });
  return new Map(own);
}
