import type { Duration } from './duration.ts';

/** What may be said of any plugin where it is attached. */
export interface PluginAttachment {
  /**
   * What becomes of an exchange in which a hook of the plugin fails: `'fail'` (the default) answers 500, a number
   * answers that, `'skip'` goes on as if the plugin were not there.
   */
  onError?: 'fail' | 'skip' | number | undefined;
  /** How long an instance may take to come about; `'20s'` at most. Default: `'5s'`. */
  createTimeout?: Duration | undefined;
  /** Breaks the plugin off for a while when it fails too often. Default: false. */
  breaker?: false | PluginBreaker | undefined;
}

export interface PluginBreaker {
  /** So many faults within `window`, in one worker, break it off. Default: 5. */
  faults?: number | undefined;
  /** Default: `'10s'`. */
  window?: Duration | undefined;
  /** How long it is left alone. Default: `'30s'`. */
  rest?: Duration | undefined;
}
