import type { Duration } from '../shared/duration.ts';

/** A plugin: what to use, alone or with its options and settings. The factories of `tidegate/plugins` make it for the built-in ones. */
export type PluginInput = string | PluginSettingsInput;

export interface PluginSettingsInput extends PluginAttachmentInput {
  /** A built-in's name, the path of a module (`'./plugins/greeting.ts'`), or an npm package. */
  use: string;
  /** What the plugin's own validator takes. Default: `{}`. */
  options?: unknown;
}

/** What may be said of any plugin. */
export interface PluginAttachmentInput {
  /**
   * What becomes of an exchange in which a hook of the plugin fails: `'fail'` (the default) answers 500, a number
   * answers that, `'skip'` goes on as if the plugin were not there.
   */
  onError?: 'fail' | 'skip' | number | undefined;
  /** How long an instance may take to come about; `'20s'` at most. Default: `'5s'`. */
  createTimeout?: Duration | undefined;
  /** Breaks the plugin off for a while when it fails too often. Default: false. */
  breaker?: false | PluginBreakerInput | undefined;
}

export interface PluginBreakerInput {
  /** So many faults within `window`, in one worker, break it off. Default: 5. */
  faults?: number | undefined;
  /** Default: `'10s'`. */
  window?: Duration | undefined;
  /** How long it is left alone. Default: `'30s'`. */
  rest?: Duration | undefined;
}
