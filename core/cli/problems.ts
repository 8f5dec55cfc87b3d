import path from 'node:path';
import { formatProblem, type Problem } from '../shared/problem.ts';

export type { Problem } from '../shared/problem.ts';

/** `file:line:col path: message`, as editors and terminals make links of it; file names are relative to the working directory. */
export function problemLine(problem: Problem): string {
  return formatProblem(problem, shownPath(problem.file));
}

/** Relative to the working directory where the file lies in it. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
