import net from 'node:net';
import { InvalidArgumentError, type Command } from 'commander';
import { compileRules } from '../../rules/compile.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../shared/config-types.ts';
import { RuleVariables, type VariableValue } from '../shared/rule-variables.ts';
import { configFile, configOption } from './config-file.ts';
import { chooseListener } from './explain/choose-listener.ts';
import { explainRequest, type AskRule } from './explain/explain-request.ts';
import { renderExplanation } from './explain/explanation.ts';
import type { ExplainQuery } from './explain/read-request.ts';
import { readUrl, type ExplainedUrl } from './explain/read-url.ts';
import { problemLine, type Problem } from './problems.ts';
import { runInSandbox } from './sandbox/run-in-sandbox.ts';

type Header = readonly [name: string, value: string];

interface Options {
  readonly config?: string;
  readonly header: readonly Header[];
  readonly client: string;
  readonly variable: ReadonlyMap<string, VariableValue>;
  readonly listener?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('explain')
    .description(
      'say which listener, rule decision, route, upstream and backend a request would get, and why',
    )
    .argument('<method>', 'such as GET')
    .argument('<url>', 'such as http://example.com:8080/path', parseUrl)
    .option(...configOption)
    .option('-H, --header <line>', "a request header, 'name: value'; may be repeated", addHeader, [])
    .option('--client <ip>', "the client's address", parseClient, '127.0.0.1')
    .option(
      '--variable <name=value>',
      'what a plugin would set for the rule script; may be repeated',
      addVariable,
      new Map(),
    )
    .option('--listener <name>', "the listener, where the URL's port does not tell")
    .option('--json', 'print the explanation as JSON')
    .action(async (method: string, url: ExplainedUrl, options: Options) => {
      const query = {
        method,
        url,
        headers: options.header,
        clientAddress: options.client,
        variables: variablesOf(options.variable).text,
      };
      process.exitCode = await explain(query, options);
    });
}

/** @returns the exit status */
async function explain(query: ExplainQuery, options: Options): Promise<number> {
  const file = await configFile('explain', options.config);
  if (file === null) return 1;
  const loaded = await loadConfig(file);
  if (!loaded.ok) return refuse(loaded.problems);
  const { config } = loaded;
  const choice = chooseListener(config, query.url, options.listener ?? null);
  if (!choice.ok) {
    process.stderr.write(`tidegate explain: ${choice.message}\n`);
    return 1;
  }
  try {
    const explanation = await explainRequest(config, choice.listener, choice.reason, query, asker(config));
    process.stdout.write(
      options.json ? `${JSON.stringify(explanation, null, 2)}\n` : renderExplanation(explanation),
    );
    return 0;
  } catch (error) {
    if (error instanceof ScriptProblems) return refuse(error.problems);
    throw error;
  }
}

function refuse(problems: readonly Problem[]): number {
  for (const problem of problems) process.stderr.write(`${problemLine(problem)}\n`);
  return 1;
}

/** The rule script does not compile or load, so nobody can say what it would decide. */
class ScriptProblems extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the rule script cannot be loaded');
    this.problems = problems;
  }
}

function asker(config: Config): AskRule {
  return async (script, request, candidates) => {
    const compiled = await compileRules(script);
    if (!compiled.ok) throw new ScriptProblems(compiled.problems);
    const reply = await runInSandbox({
      type: 'explain',
      bundle: compiled.bundle,
      lists: config.lists,
      request,
      candidates,
    });
    if (reply.type === 'problems') throw new ScriptProblems(reply.problems);
    return reply.type === 'explained' ? reply.answer : null;
  };
}

function parseUrl(text: string): ExplainedUrl {
  const url = readUrl(text);
  if (url === null) throw new InvalidArgumentError('expected an absolute URL like http://example.com/path.');
  return url;
}

function addHeader(text: string, earlier: readonly Header[]): readonly Header[] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError("expected 'name: value'.");
  return [...earlier, [text.slice(0, colon), text.slice(colon + 1).trim()]];
}

/** A number, true or false is one; everything else is text, as is what stands in double quotes. */
function addVariable(
  text: string,
  earlier: ReadonlyMap<string, VariableValue>,
): ReadonlyMap<string, VariableValue> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("expected 'name=value'.");
  const variables = new Map([...earlier, [name, scalarOf(value)] as const]);
  try {
    variablesOf(variables);
  } catch (error) {
    throw new InvalidArgumentError(`${error instanceof Error ? error.message : String(error)}.`);
  }
  return variables;
}

function scalarOf(text: string): VariableValue {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  } catch {
    // Text as it is written on a command line.
  }
  return text;
}

function variablesOf(given: ReadonlyMap<string, VariableValue>): RuleVariables {
  const variables = new RuleVariables();
  for (const [name, value] of given) variables.set(name, value);
  return variables;
}

function parseClient(text: string): string {
  if (net.isIP(text) === 0) throw new InvalidArgumentError('expected an IP address.');
  return text;
}
