import type { RuleBundle } from '../core/shared/config-types.ts';
import type {
  ConnectDecision,
  LogDecision,
  PickCandidate,
  RequestDecision,
  ResponseEdits,
  RuleConnection,
  RuleRequest,
} from '../core/shared/rule-script.ts';
import type { RuleProblem } from './compile.ts';

/** What `testing.ts` and its child process say to each other: one answer with the same `id` for each question. */
export type Question =
  | {
      readonly type: 'load';
      readonly bundle: RuleBundle;
      readonly lists: Readonly<Record<string, readonly string[]>>;
    }
  | { readonly type: 'connect'; readonly connection: RuleConnection }
  | { readonly type: 'request'; readonly request: RuleRequest }
  | {
      readonly type: 'response';
      readonly status: number;
      readonly head: string;
      readonly request: RuleRequest;
    }
  | { readonly type: 'log'; readonly entry: string }
  | { readonly type: 'pick'; readonly candidates: readonly PickCandidate[]; readonly request: RuleRequest }
  | { readonly type: 'certificate'; readonly name: string; readonly client: string };

export interface Answers {
  readonly load: readonly RuleProblem[];
  readonly connect: ConnectDecision;
  readonly request: RequestDecision;
  readonly response: ResponseEdits | 'fault';
  readonly log: LogDecision;
  readonly pick: number;
  readonly certificate: boolean;
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

export interface ChildMessage {
  readonly id: number;
  /** The one that was asked for. */
  readonly answers: Partial<Answers>;
  /** What the script's console and its errors wrote since the last answer. */
  readonly logs: readonly LogLine[];
}
