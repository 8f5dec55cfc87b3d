import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PrimaryMessage, WorkerMessage } from '../../core/ipc/messages.ts';
import { WorkerChallengeBoard } from '../../core/primary/challenge-board.ts';
import { bindAll, closeSocketsNotIn } from '../../core/primary/live-plan.ts';
import { loadAll } from '../../core/primary/loaded-config.ts';
import { makePlan } from '../../core/primary/make-plan.ts';
import { Quarantine } from '../../core/primary/quarantine.ts';
import { Supervisor } from '../../core/primary/supervisor.ts';
import { TicketKeys } from '../../core/primary/ticket-keys.ts';
import { recordingLog } from './recording-log.ts';

export type CertificateWanted = Extract<WorkerMessage, { readonly type: 'certificate-wanted' }>;
export type CertificateMessage = Extract<PrimaryMessage, { readonly type: 'certificate' }>;

/** Real worker processes, with a test in the place of what the primary knows of certificates. */
export interface RealWorkers {
  readonly supervisor: Supervisor;
  readonly board: WorkerChallengeBoard;
  /** The certificate set of the first https listener. */
  readonly set: string;
  portOf(listener: string): number;
}

/**
 * Started with a config in YAML and other files beside it; killed when the test is over.
 * @param answer to what workers ask for
 */
export async function startRealWorkers(
  files: Readonly<Record<'tidegate.config.yaml', string> & Record<string, string>>,
  answer: (wanted: CertificateWanted) => Promise<Omit<CertificateMessage, 'type' | 'id'>>,
): Promise<RealWorkers> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-workers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const load = await loadAll(join(folder, 'tidegate.config.yaml'));
  if (!load.ok) throw new Error(load.problems.join('\n'));
  const { config } = load.loaded;
  const bound = await bindAll(config, new Map());
  if (!bound.ok) throw new Error(bound.problems.join('\n'));
  const keys = new TicketKeys(() => {});
  keys.use(new Set(config.listeners.flatMap(({ tls }) => (tls === null ? [] : [tls.ticketRotationMs]))));
  const supervisor = new Supervisor({
    workerModule: new URL('../../core/worker/main.ts', import.meta.url),
    identity: null,
    log: recordingLog().log,
    answerTimeoutMs: 30_000,
    onWorker(worker) {
      worker.send({ type: 'ticket-keys', keys: keys.current() });
      worker.onMessage((message) => {
        if (message.type !== 'certificate-wanted') return;
        void answer(message).then((found) => worker.send({ type: 'certificate', id: message.id, ...found }));
      });
    },
    onRuleFault() {},
    onDeath() {},
    traceRules: () => false,
    briefing: () => [board.message()],
  });
  const board = new WorkerChallengeBoard((message, isAnswer) => supervisor.ask(message, isAnswer));
  onTestFinished(async () => {
    keys.close();
    await supervisor.kill();
    closeSocketsNotIn(bound.sockets, new Map());
  });
  const plan = await makePlan(1, load.loaded, new Quarantine());
  const started = await supervisor.start(config.workers, { plan, sockets: bound.sockets });
  if (!started.ok) throw new Error(started.problems.join('\n'));
  return {
    supervisor,
    board,
    set: config.listeners.find(({ tls }) => tls !== null)?.tls?.certificateSet ?? '',
    portOf(name) {
      const listener = config.listeners.find((each) => each.name === name);
      const socket = [...bound.sockets].find(([key]) => key.endsWith(`|${name}`))?.[1];
      if (listener === undefined || socket === undefined) throw new Error(`no listener ${name}`);
      return Number(socket.addressText.slice(socket.addressText.lastIndexOf(':') + 1));
    },
  };
}
