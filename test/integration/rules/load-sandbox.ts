import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { RuleBundle } from '../../../core/shared/config-types.ts';
import type { RuleScriptConfig } from '../../../core/shared/listener-types.ts';
import type { RequestDecision, RuleRequest } from '../../../core/shared/rule-script.ts';
import { compileRules } from '../../../rules/compile.ts';
import { RuleHost } from '../../../rules/evaluate.ts';
import type { LoadedScript } from '../../../rules/loaded-script.ts';

export interface LoadedSandbox {
  readonly script: LoadedScript;
  readonly host: RuleHost;
  readonly bundle: RuleBundle;
  /** The script's file. */
  readonly file: string;
  /** `time` and `memory`, in the order in which they came. */
  readonly faults: string[];
  /** `level message`. */
  readonly logs: string[];
}

/** For tests that are not about time: a busy machine may take long over a simple rule. */
export const UNHURRIED = { timeLimitMs: 1000 };

/** Compiles a script's text (imports of `tidegate/rules` are put before it, on its first line) and loads it in this process until the test ends. */
export async function loadSandbox(
  text: string,
  settings: Partial<RuleScriptConfig> = {},
  lists: Readonly<Record<string, readonly string[]>> = {},
): Promise<LoadedSandbox> {
  const { bundle, file } = await compileText(text, settings);
  const faults: string[] = [];
  const logs: string[] = [];
  const writer = (level: string) => (fields: unknown, message?: string) =>
    void logs.push(`${level} ${message ?? String(fields)}`);
  const host = new RuleHost({
    log: { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') },
    onFault: (_ruleId, fault) => faults.push(fault),
    lastWords: false,
    trace: false,
  });
  onTestFinished(() => host.close());
  const loaded = await host.load(bundle, lists);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return { script: loaded.script, host, bundle, file, faults, logs };
}

export async function compileText(
  text: string,
  settings: Partial<RuleScriptConfig> = {},
): Promise<{ bundle: RuleBundle; file: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-rules-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'rules.ts');
  await writeFile(
    file,
    `import { defineRules, deny, forward, inspect, next, redirect, respond } from 'tidegate/rules'; ${text}`,
  );
  const script = {
    script: file,
    timeLimitMs: 10,
    memoryLimitBytes: 32 * 2 ** 20,
    onError: 'deny' as const,
    shadow: null,
    ...settings,
  };
  const compiled = await compileRules(script);
  if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join('\n'));
  return { bundle: compiled.bundle, file };
}

export function requestOf(target: string, over: Partial<RuleRequest> = {}): RuleRequest {
  return {
    method: 'GET',
    scheme: 'https',
    host: 'example.com',
    target,
    path: target.split('?')[0] ?? '',
    clientAddress: '203.0.113.7',
    head: 'Host: example.com\r\nAccept: */*',
    ...over,
  };
}

/** As the request path asks: together with the others of the same turn. */
export function decisionOf(script: LoadedScript, request: RuleRequest): Promise<RequestDecision> {
  return new Promise((resolve) => script.decide(request, { onDecision: resolve }));
}
