import type { PluginHeaders, PluginResponse } from '../../api.ts';
import type { Found } from './answer-store.ts';
import type { Forwarded } from './cache-status.ts';
import type { FieldCopy } from './field-copy.ts';
import type { Flight } from './flights.ts';
import type { StoredField, StoredFreshness } from './stored-answer.ts';

/** A request that the cache lets through to a backend, until its answer is there. */
export interface Errand {
  readonly forwarded: Forwarded;
  readonly key: string;
  /** Under which others wait for it, and under which it is remembered where its answer is not to be kept. */
  readonly flightKey: string;
  /** Whether conditions and ranges of the client's are taken out of the request, so that the whole answer comes. */
  readonly asksWhole: boolean;
  /** What the client sent, and plugins before have made of it. */
  readonly received: FieldCopy;
  /** Ms of the wall clock. */
  readonly requestedAt: number;
  /** Of the purges. */
  readonly mark: number;
  /** What is there for it, but not fresh; null: nothing. */
  readonly stale: Found | null;
  /** What others wait for; null: nobody may. */
  readonly flight: Flight | null;
  /** false: it has waited in vain. */
  readonly collapsed?: false;
  /** The header fields of the last attempt; null: none was made. */
  sent: PluginHeaders | null;
  /** What has come for it; another answer may take its place. null: nothing yet. */
  response: PluginResponse | null;
  /** What is to be kept; null: nothing, or not yet known. */
  plan: Plan | null;
  /** Of the answer, as it came. */
  codingBefore: string | null;
  /** Whether its body is passing: those who wait hear when it has. */
  isKeeping: boolean;
}

/** An answer that is to be kept when its body has come. */
export interface Plan {
  readonly status: number;
  readonly fields: readonly StoredField[];
  readonly freshness: StoredFreshness;
  readonly vary: readonly string[];
  readonly receivedAt: number;
}
