import { compileRules } from '../../../rules/compile.ts';
import type { Config, RuleBundle } from '../../shared/config-types.ts';
import type { RuleScriptConfig } from '../../shared/listener-types.ts';
import type { Problem } from '../problems.ts';
import type { SandboxJob, SandboxReply } from '../sandbox/messages.ts';
import { runInSandbox } from '../sandbox/run-in-sandbox.ts';
import type { AskConnect } from './explain-connection.ts';
import type { AskRule } from './explain-request.ts';

/** The rule script does not compile or load, so nobody can say what it would decide. */
export class ScriptProblems extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the rule script cannot be loaded');
    this.problems = problems;
  }
}

/** @throws ScriptProblems, later */
export function requestAsker({ lists }: Config): AskRule {
  return async (script, request, candidates) => {
    const reply = await ask(script, (bundle) => ({ type: 'explain', bundle, lists, request, candidates }));
    return reply.type === 'explained' ? reply.answer : null;
  };
}

/** @throws ScriptProblems, later */
export function connectionAsker({ lists }: Config): AskConnect {
  return async (script, asked) => {
    const reply = await ask(script, (bundle) => ({ type: 'explain-connection', bundle, lists, asked }));
    return reply.type === 'explained-connection' ? reply.answers : [];
  };
}

async function ask(script: RuleScriptConfig, job: (bundle: RuleBundle) => SandboxJob): Promise<SandboxReply> {
  const compiled = await compileRules(script);
  if (!compiled.ok) throw new ScriptProblems(compiled.problems);
  const reply = await runInSandbox(job(compiled.bundle));
  if (reply.type === 'problems') throw new ScriptProblems(reply.problems);
  return reply;
}
