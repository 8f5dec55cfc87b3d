/** Something wrong with the content of a config, before it is known where in the file that stands. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Set where the key itself is wrong rather than its value. */
  readonly atKey?: boolean;
}

/** A problem as it is shown. `file:line:column` where these are known. */
export interface ConfigProblem {
  /** Absolute path. */
  readonly file: string;
  /** Where in the config: `listeners[0].port`; empty for the whole file. */
  readonly path: string;
  /** What was expected and what was found. */
  readonly message: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

/** `listeners[0].timeouts.header`, `upstreams["a.b"]`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (PLAIN_KEY.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}

/** A value as a message shows it: short, and never a whole structure. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
    case 'number':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'nothing';
    default:
      if (value === null) return 'null';
      return Array.isArray(value) ? 'a list' : `an ${typeof value}`;
  }
}

/** `expected a duration like "5s", found 5`; for a missing value `missing: expected …`. */
export function expectedFound(expected: string, value: unknown): string {
  return value === undefined
    ? `missing: expected ${expected}`
    : `expected ${expected}, found ${showValue(value)}`;
}
