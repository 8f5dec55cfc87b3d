/** Something wrong in a file: a config, a rule script, a plugin. */
export interface Problem {
  /** Absolute. */
  readonly file: string;
  /** Lines and columns count from 1; 0 or nothing where there is no place. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Where in the config (`listeners[0].port`), if it is one. */
  readonly path?: string | undefined;
  readonly message: string;
}

/** `file:line:column path: message`, without what is not known. `shown`: what the file is called. */
export function formatProblem({ file, path, line, column, message }: Problem, shown = file): string {
  const position =
    line === undefined || line === 0 ? shown : `${shown}:${line}${column === undefined ? '' : `:${column}`}`;
  return path === undefined || path === '' ? `${position}: ${message}` : `${position} ${path}: ${message}`;
}
