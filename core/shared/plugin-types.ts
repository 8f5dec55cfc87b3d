import type { JsonValue } from './json.ts';

/** One entry of a `plugins` list in the validated config. */
export interface PluginConfig {
  /** As written: a built-in's name, a path or a package. */
  readonly use: string;
  readonly source: PluginSource;
  /** As written; the plugin's own validator judges them. */
  readonly options: JsonValue;
  readonly onError: PluginOnError;
  readonly createTimeoutMs: number;
  /** null: it is never broken off. */
  readonly breaker: PluginBreakerConfig | null;
}

export type PluginSource = { readonly kind: 'builtin'; readonly name: string } | PluginModuleSource;

export type PluginModuleSource =
  /** `file`: absolute path. */
  | { readonly kind: 'file'; readonly file: string }
  /** As an import would name it, to be found from the config's folder. */
  | { readonly kind: 'package'; readonly name: string };

/** What becomes of an exchange in which a hook fails: it fails with this status, or goes on as if the plugin were not there. */
export type PluginOnError = { readonly kind: 'fail'; readonly status: number } | { readonly kind: 'skip' };

/** After `faults` of them within `windowMs` the plugin rests for `restMs`. */
export interface PluginBreakerConfig {
  readonly faults: number;
  readonly windowMs: number;
  readonly restMs: number;
}

/** A plugin module with all that it imports, as one script; made by the primary, run by every worker. */
export interface PluginBundle {
  /** SHA-256 over the place and the code. */
  readonly id: string;
  /** `pluginKey` of the sources that it is for. */
  readonly key: string;
  /** Absolute path of the module that the source stands for. */
  readonly file: string;
  /** A classic script in the manner of CommonJS. */
  readonly code: string;
  /** JSON, with absolute paths. */
  readonly sourceMap: string;
  /** Absolute paths of every file the bundle was made of, for the watcher. */
  readonly inputs: readonly string[];
}

/** What a bundle is found by. */
export function pluginKey(source: PluginModuleSource): string {
  return source.kind === 'file' ? source.file : source.name;
}

/** What one worker knows of a plugin instance. */
export interface PluginStatus {
  /** The same in all workers. */
  readonly id: string;
  readonly name: string;
  /** As the config names it. */
  readonly use: string;
  /** Absolute path; null: built in. */
  readonly file: string | null;
  /** Of its code; null: as Tidegate's own. */
  readonly version: string | null;
  readonly attachedTo: string;
  /** When it came about, in epoch milliseconds. */
  readonly since: number;
  /** By hook. */
  readonly calls: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly lastFault: string | null;
  readonly isResting: boolean;
  /** What the plugin says of itself; null: nothing. */
  readonly status: Readonly<Record<string, string | number | boolean>> | null;
}
