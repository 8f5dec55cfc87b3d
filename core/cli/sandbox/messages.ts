import type { RuleBundle } from '../../shared/config-types.ts';
import type {
  ConnectDecision,
  PickCandidate,
  RequestDecision,
  RuleConnection,
  RuleRequest,
  RuleScript,
} from '../../shared/rule-script.ts';
import type { Problem } from '../problems.ts';

interface Loading {
  readonly bundle: RuleBundle;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** What the command line asks its sandbox process; it does one job and ends. */
export type SandboxJob =
  /** Evaluate the script once. */
  | (Loading & { readonly type: 'load' })
  /** Ask its `request` and `pick` handlers, and where in the script the decision was made. */
  | (Loading & {
      readonly type: 'explain';
      readonly request: RuleRequest;
      /** By upstream: which one is asked for shows only later. */
      readonly candidates: Readonly<Record<string, readonly PickCandidate[]>>;
    })
  /** Ask its `connect` handler, again where it wants to see more. */
  | (Loading & { readonly type: 'explain-connection'; readonly asked: AskedConnection });

/** A connection as its first bytes have come. */
export interface AskedConnection {
  /** As it is before any bytes are asked for. */
  readonly connection: RuleConnection;
  /** All that the client sends, in Latin-1. */
  readonly sent: string;
  /** `limits.inspect` */
  readonly maxBytes: number;
}

export type SandboxReply =
  | { readonly type: 'problems'; readonly problems: readonly Problem[] }
  | { readonly type: 'loaded'; readonly handles: RuleScript['handles'] }
  | { readonly type: 'explained'; readonly answer: RuleAnswer }
  | { readonly type: 'explained-connection'; readonly answers: readonly ConnectAnswer[] };

export interface RuleAnswer {
  /** Null where the script has no `request` handler. A fault is one here under any `onError`. */
  readonly decision: RequestDecision | null;
  /** Null where nothing in the script made the decision. */
  readonly at: ScriptPlace | null;
  /** By upstream, an index into its candidates or -1 for the upstream's scheduler; null where the script has no `pick` handler. */
  readonly picks: Readonly<Record<string, number>> | null;
}

/** Of one call of the `connect` handler. */
export interface ConnectAnswer {
  readonly decision: ConnectDecision;
  readonly at: ScriptPlace | null;
  /** How many bytes it saw; null: none were asked for yet. */
  readonly seen: number | null;
}

export interface ScriptPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
