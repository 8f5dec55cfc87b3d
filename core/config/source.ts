import type { ConfigProblem } from './finding.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a key, or its value, stands in the file: if it is missing, what is around it; undefined if that cannot be told. */
export type Locate = (path: readonly PropertyKey[], atKey: boolean) => Position | undefined;

/** A config file's content as plain data, not checked yet. */
export type Source =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly locate: Locate;
      /** Absolute paths of all files that were read. */
      readonly inputs: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly inputs: readonly string[] };
