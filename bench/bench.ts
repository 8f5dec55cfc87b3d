import type { Children } from './process/children.ts';
import type { BenchOptions } from './options.ts';

/** What every section gets. */
export interface Bench {
  readonly options: BenchOptions;
  readonly children: Children;
  /** Temporary; gone when the bench ends. */
  readonly folder: string;
  /** Null on a machine with one core, or where nothing can be pinned. */
  readonly cores: { readonly proxy: number | null; readonly load: number | null };
  /** Of the backend that answers everything with 1 KiB. */
  readonly backendPort: number;
  /** Progress for the person who waits, on standard error. */
  progress(text: string): void;
}

/** A bar that a number must stay under. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly most: number;
  readonly unit: string;
}

export interface Section {
  readonly title: string;
  /** How it was measured: a sentence or two. */
  readonly method: string;
  readonly table: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  readonly bars: readonly Bar[];
  readonly notes: readonly string[];
}

export function passes(bar: Bar): boolean {
  return bar.measured <= bar.most;
}
