import path from 'node:path';

/** Something wrong in a config file, a rule script or a plugin. */
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

/** `file:line:col path: message`, as editors and terminals make links of it; file names are relative to the working directory. */
export function problemLine({ file, line, column, path: place, message }: Problem): string {
  const shown = shownPath(file);
  const position = line === undefined || line === 0 ? shown : `${shown}:${line}:${column ?? 1}`;
  return place === undefined || place === '' ? `${position}: ${message}` : `${position} ${place}: ${message}`;
}

/** Relative to the working directory where the file lies in it. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
