import type { DecisionTaker, RequestDecision, RuleRequest } from '../core/shared/rule-script.ts';
import { afterNextTurn, decideAtEndOfTurn } from '../core/shared/turn.ts';
import { MAX_REQUESTS } from './call-state.ts';

/** What became of several requests in one call. */
export type TurnResult =
  /** The first ones are decided, one at least. */
  | { readonly kind: 'decided'; readonly decisions: readonly RequestDecision[] }
  /** None is decided: the isolate was ended in the midst of this one. */
  | {
      readonly kind: 'ended';
      readonly index: number;
      readonly decision: RequestDecision;
      /** Whether it was over its time, and that is not held against the script. */
      readonly forgiven: boolean;
    }
  /** None is decided, and nobody knows which one it lies in. */
  | { readonly kind: 'failed'; readonly decision: RequestDecision };

/** The script that decides. */
export interface TurnDecider {
  /** Whether it has no isolate, but one on its way. */
  readonly isLoading: boolean;
  /** `forgiving`: a request that is over its time is no fault of the script yet. */
  decideAll(requests: readonly RuleRequest[], forgiving: boolean): TurnResult;
}

/** Of the heads and variables in one call: they are copied into the isolate, whose memory is limited. */
const MAX_CHARACTERS = 128 * 2 ** 10;

/** When it runs. */
export interface Pace {
  /** Calls back once, at the end of a turn of the event loop. */
  schedule(run: () => void): void;
  /** After this, the event loop has a turn before the next call. */
  readonly maxRunMs: number;
}

const AT_END_OF_TURN: Pace = { schedule: decideAtEndOfTurn, maxRunMs: 5 };

interface Waiting {
  readonly request: RuleRequest;
  readonly taker: DecisionTaker;
  /** In a call by itself, since one with others failed. */
  readonly alone: boolean;
}

/**
 * The requests that wait for one script's decision. At the end of each turn of the event loop those
 * that came in it go into the sandbox together. One that takes its isolate down costs the others a new
 * call, not their decision.
 */
export class RequestTurns {
  readonly #script: TurnDecider;
  readonly #pace: Pace;
  #waiting: Waiting[] = [];
  /** Was over its time once, and has another try. */
  #suspect: Waiting | null = null;
  /** Whether an isolate was loaded since, so that the others have one should it take this one down as well. */
  #suspectIsDue = false;
  /** Whether it has let those go first that waited for that isolate with it: once, lest it wait for ever. */
  #suspectStoodBack = false;
  #scheduled = false;

  constructor(script: TurnDecider, pace: Pace = AT_END_OF_TURN) {
    this.#script = script;
    this.#pace = pace;
  }

  add(request: RuleRequest, taker: DecisionTaker): void {
    this.#waiting.push({ request, taker, alone: false });
    this.#schedule();
  }

  /** A load of an isolate has ended, well or not. */
  onLoadEnded(): void {
    this.#suspectIsDue = true;
    if (this.#waiting.length > 0) this.#schedule();
    // A load ends with work of milliseconds: who came meanwhile is read first, lest he wait for one that takes its whole time.
    else if (this.#suspect !== null) afterNextTurn(() => this.#schedule());
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#pace.schedule(() => this.#run());
  }

  /** Those that come while it runs have to wait for the next turn: others than this script's clients want theirs. */
  #run(): void {
    this.#scheduled = false;
    const until = performance.now() + this.#pace.maxRunMs;
    let turn = this.#waiting;
    this.#waiting = [];
    if (this.#suspect !== null && this.#suspectIsDue && !this.#script.isLoading) {
      if (turn.length === 0 || this.#suspectStoodBack) {
        // Before the others, of whom each may take an isolate down: so it is decided however many of those come.
        this.#decide([this.#suspect]);
        this.#suspect = null;
      } else {
        this.#suspectStoodBack = true;
        this.#schedule();
      }
    }
    while (turn.length > 0) {
      const isLoading = this.#script.isLoading;
      if (isLoading || performance.now() >= until) {
        this.#waiting = [...turn, ...this.#waiting];
        // The end of the load schedules it otherwise.
        if (!isLoading) this.#schedule();
        return;
      }
      const count = lengthOfCall(turn);
      turn = [...this.#decide(turn.slice(0, count)), ...turn.slice(count)];
    }
  }

  /** @returns those that are still to be decided */
  #decide(requests: readonly Waiting[]): readonly Waiting[] {
    const result = this.#script.decideAll(
      requests.map(({ request }) => request),
      this.#suspect === null,
    );
    switch (result.kind) {
      case 'decided':
        for (const [index, decision] of result.decisions.entries())
          requests[index]?.taker.onDecision(decision);
        return requests.slice(result.decisions.length);
      case 'ended': {
        const culprit = requests[result.index];
        this.#suspectIsDue = false;
        if (culprit !== undefined && result.forgiven) {
          this.#suspect = culprit;
          this.#suspectStoodBack = false;
        } else if (culprit !== undefined) {
          afterNextTurn(() => culprit.taker.onDecision(result.decision));
        }
        return requests.filter((one) => one !== culprit);
      }
      case 'failed':
        if (requests.length > 1) return requests.map((one) => ({ ...one, alone: true }));
        requests[0]?.taker.onDecision(result.decision);
        return [];
    }
  }
}

function lengthOfCall(turn: readonly Waiting[]): number {
  let characters = 0;
  let count = 0;
  for (const { request, alone } of turn) {
    characters += request.head.length + request.target.length + (request.variables?.length ?? 0);
    if (count > 0 && (alone || count === MAX_REQUESTS || characters > MAX_CHARACTERS)) break;
    count += 1;
    if (alone) break;
  }
  return count;
}
