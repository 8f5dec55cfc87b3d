// The process of `run-in-sandbox.ts`: takes one job, answers, and is ended by its parent.
import { RuleHost } from '../../../rules/evaluate.ts';
import type { LoadedScript } from '../../../rules/loaded-script.ts';
import type { RuleBundle } from '../../shared/config-types.ts';
import type { PickCandidate } from '../../shared/rule-script.ts';
import { askAboutConnection } from './ask-connection.ts';
import type { RuleAnswer, SandboxJob, SandboxReply } from './messages.ts';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

async function run(job: SandboxJob): Promise<SandboxReply> {
  const host = new RuleHost({
    log: silent,
    onFault: () => undefined,
    lastWords: false,
    trace: false,
    explain: job.type !== 'load',
  });
  if (job.type === 'load') {
    const loaded = await host.load(job.bundle, job.lists);
    return loaded.ok
      ? { type: 'loaded', handles: loaded.script.handles }
      : { type: 'problems', problems: loaded.problems };
  }
  // 'deny' makes faults visible. The first call of a cold process may take longer than any other; a loop takes longer still.
  const bundle: RuleBundle = {
    ...job.bundle,
    onError: 'deny',
    timeLimitMs: Math.max(job.bundle.timeLimitMs, 250),
  };
  const loaded = await host.load(bundle, job.lists);
  if (!loaded.ok) return { type: 'problems', problems: loaded.problems };
  if (job.type === 'explain') return { type: 'explained', answer: ask(loaded.script, job) };
  const { connect } = loaded.script.handles;
  return {
    type: 'explained-connection',
    answers: connect ? askAboutConnection(loaded.script, job.asked) : [],
  };
}

function ask(
  script: LoadedScript,
  { request, candidates }: Extract<SandboxJob, { type: 'explain' }>,
): RuleAnswer {
  const decision = script.handles.request ? script.request(request) : null;
  const at = decision === null ? null : script.lastPosition();
  const pick = ([name, backends]: [string, readonly PickCandidate[]]) =>
    [name, script.pick(backends, request)] as const;
  const picks = script.handles.pick ? Object.fromEntries(Object.entries(candidates).map(pick)) : null;
  return { decision, at, picks };
}

process.once('message', (job: SandboxJob) => {
  run(job).then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      process.send?.({
        type: 'problems',
        problems: [{ file: job.bundle.script, message }],
      } satisfies SandboxReply);
    },
  );
});
// Not `exit`, which would wait for a script that never ends.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
