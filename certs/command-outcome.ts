export interface CommandParts {
  readonly now: () => number;
  /** For so long a command waits for what it started. */
  readonly waitMs: number;
}

export interface CommandOutcome {
  readonly changes: readonly string[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export const NOTHING: CommandOutcome = { changes: [], problems: [], warnings: [] };

export function problem(text: string): CommandOutcome {
  return { ...NOTHING, problems: [text] };
}

export function together(outcomes: readonly CommandOutcome[]): CommandOutcome {
  return {
    changes: outcomes.flatMap(({ changes }) => changes),
    problems: outcomes.flatMap(({ problems }) => problems),
    warnings: outcomes.flatMap(({ warnings }) => warnings),
  };
}
