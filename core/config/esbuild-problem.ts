import { z } from 'zod';

/** What esbuild throws for a syntax error. */
const esbuildError = z.object({
  errors: z.tuple(
    [
      z.object({
        text: z.string(),
        location: z.object({ file: z.string(), line: z.int(), column: z.int() }).nullable(),
      }),
    ],
    z.unknown(),
  ),
});

export interface SyntaxProblem {
  readonly message: string;
  /** `sourcefile` as esbuild was given it; line and column from 1. */
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | null;
}

/** The first syntax error in what esbuild threw; undefined for anything that esbuild did not throw. */
export function syntaxProblemOf(error: unknown): SyntaxProblem | undefined {
  const first = esbuildError.safeParse(error).data?.errors[0];
  if (first === undefined) return undefined;
  const { text, location } = first;
  const message = `SyntaxError: ${text}`;
  if (location === null) return { message, place: null };
  // esbuild counts columns from 0
  return { message, place: { file: location.file, line: location.line, column: location.column + 1 } };
}
