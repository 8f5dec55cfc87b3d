import type { PluginContext } from '../../api.ts';
import type { AnswerStore } from './answer-store.ts';
import type { Flights } from './flights.ts';
import type { Options } from './options.ts';
import type { Telling } from './serve.ts';
import type { KeepingRules } from './stored-fields.ts';
import type { Uncacheable } from './uncacheable.ts';

/** What all sides of one cache share. */
export interface CacheParts {
  readonly options: Options;
  readonly context: PluginContext;
  readonly store: AnswerStore;
  readonly flights: Flights;
  readonly uncacheable: Uncacheable;
  readonly telling: Telling;
  readonly keeping: KeepingRules;
  readonly sums: Sums;
}

/** Requests since the start. */
export interface Sums {
  hits: number;
  /** Of the hits. */
  stale: number;
  misses: number;
  revalidated: number;
  bypassed: number;
  collapsed: number;
  purged: number;
}
