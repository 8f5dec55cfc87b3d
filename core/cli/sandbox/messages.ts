import type { RuleBundle } from '../../shared/config-types.ts';
import type { PickCandidate, RequestDecision, RuleRequest, RuleScript } from '../../shared/rule-script.ts';
import type { Problem } from '../problems.ts';

/** What the command line asks its sandbox process; it does one job and ends. */
export type SandboxJob =
  /** Evaluate the script once. */
  | {
      readonly type: 'load';
      readonly bundle: RuleBundle;
      readonly lists: Readonly<Record<string, readonly string[]>>;
    }
  /** Ask its `request` and `pick` handlers, and where in the script the decision was made. */
  | {
      readonly type: 'explain';
      readonly bundle: RuleBundle;
      readonly lists: Readonly<Record<string, readonly string[]>>;
      readonly request: RuleRequest;
      /** By upstream: which one is asked for shows only later. */
      readonly candidates: Readonly<Record<string, readonly PickCandidate[]>>;
    };

export type SandboxReply =
  | { readonly type: 'problems'; readonly problems: readonly Problem[] }
  | { readonly type: 'loaded'; readonly handles: RuleScript['handles'] }
  | { readonly type: 'explained'; readonly answer: RuleAnswer };

export interface RuleAnswer {
  /** Null where the script has no `request` handler. A fault is one here under any `onError`. */
  readonly decision: RequestDecision | null;
  /** Null where nothing in the script made the decision. */
  readonly at: { readonly file: string; readonly line: number; readonly column: number } | null;
  /** By upstream, an index into its candidates or -1 for the upstream's scheduler; null where the script has no `pick` handler. */
  readonly picks: Readonly<Record<string, number>> | null;
}
