import { existsSync } from 'node:fs';
import { compileRules } from '../../rules/compile.ts';
import { typeCheckRules } from '../../rules/type-check.ts';
import type { Config, RuleBundle } from '../shared/config-types.ts';
import type { RuleScriptConfig } from '../shared/listener-types.ts';
import type { RuleScript } from '../shared/rule-script.ts';
import type { Problem } from './problems.ts';
import { runInSandbox } from './sandbox/run-in-sandbox.ts';

export interface ScriptsCheck {
  readonly problems: readonly Problem[];
  /** False where no `typescript` package was found. */
  readonly typesChecked: boolean;
  /** Which handlers they have, by their files; not those that could not be loaded. */
  readonly handles: ReadonlyMap<string, RuleScript['handles']>;
}

/** Compiles, type-checks and loads. `lists`: null where the config is wrong; a script that asks for a list as it loads cannot be judged then. */
export async function checkScripts(
  given: readonly RuleScriptConfig[],
  lists: Config['lists'] | null,
): Promise<ScriptsCheck> {
  const settings = distinct(given);
  const handles = new Map<string, RuleScript['handles']>();
  if (settings.length === 0) return { problems: [], typesChecked: true, handles };
  const types = await typeCheckRules([...new Set(settings.map(({ script }) => script))]);
  const problems: Problem[] = [...types.problems];
  const compiled = await Promise.all(settings.map((one) => compileRules(one)));
  for (const result of compiled) {
    // What does not parse, or imports what is not there, the type checker has found at the same place.
    if (!result.ok)
      problems.push(
        ...result.problems.filter((problem) => !problems.some((known) => samePlace(known, problem))),
      );
  }
  const bundles = compiled.flatMap((result): RuleBundle[] => (result.ok ? [result.bundle] : []));
  for (const bundle of bundles) {
    if (lists === null) break;
    const reply = await runInSandbox({ type: 'load', bundle, lists });
    if (reply.type === 'problems') problems.push(...reply.problems);
    if (reply.type === 'loaded') handles.set(bundle.script, reply.handles);
  }
  return { problems, typesChecked: types.available, handles };
}

/** Two listeners with the same script and settings need one look only; what is missing is the config's problem. */
function distinct(settings: readonly RuleScriptConfig[]): RuleScriptConfig[] {
  const byText = new Map(settings.map((one) => [JSON.stringify(one), one]));
  return [...byText.values()].filter(({ script }) => existsSync(script));
}

function samePlace(a: Problem, b: Problem): boolean {
  return a.file === b.file && a.line === b.line;
}
