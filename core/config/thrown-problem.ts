import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { syntaxProblemOf } from './esbuild-problem.ts';
import type { EvaluateMessage } from './evaluate.ts';

type Problem = Extract<EvaluateMessage, { type: 'problem' }>;

/** What a config module threw while it was loaded, with its place in one of `inputs` where that can be found. */
export function problemOfError(error: unknown, file: string, inputs: ReadonlySet<string>): Problem {
  const syntax = syntaxProblem(error, file);
  if (syntax !== undefined) return syntax;
  if (error instanceof SyntaxError) {
    const found = syntaxProblemIn(inputs, file);
    if (found !== undefined) return found;
  }
  if (!(error instanceof Error))
    return { type: 'problem', file, path: '', message: `threw ${String(error)}` };
  const message = `${error.name}: ${error.message}`;
  return { type: 'problem', file, path: '', message, ...placeOf(error, inputs) };
}

function syntaxProblem(error: unknown, file: string): Problem | undefined {
  const problem = syntaxProblemOf(error);
  if (problem === undefined) return undefined;
  const { message, place } = problem;
  if (place === null) return { type: 'problem', file, path: '', message };
  return { type: 'problem', path: '', message, ...place, file: toPath(place.file) };
}

/** Node's own syntax errors, of JavaScript files, do not tell the column. */
function syntaxProblemIn(inputs: ReadonlySet<string>, file: string): Problem | undefined {
  for (const input of inputs) {
    if (!/\.[mc]?js$/.test(input)) continue;
    try {
      transformSync(readFileSync(input, 'utf8'), { loader: 'js', sourcefile: input, logLevel: 'silent' });
    } catch (error) {
      return syntaxProblem(error, file);
    }
  }
  return undefined;
}

/** The innermost stack frame in the user's own files. */
function placeOf(
  error: Error,
  inputs: ReadonlySet<string>,
): { file: string; line: number; column: number } | undefined {
  for (const frame of (error.stack ?? '').split('\n')) {
    const match = /(?:^|[\s(])((?:file:\/\/)?\/.*):(\d+):(\d+)\)?$/.exec(frame);
    if (match === null) continue;
    const [, location = '', line, column] = match;
    const path = toPath(location);
    if (inputs.has(path)) return { file: path, line: Number(line), column: Number(column) };
  }
  return undefined;
}

function toPath(location: string): string {
  return location.startsWith('file:') ? fileURLToPath(location) : location;
}
