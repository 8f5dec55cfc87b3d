import type { RequestDecision } from '../core/shared/rule-script.ts';
import { MAX_KNOWN_BODY_LENGTH } from './runtime/limits.ts';

/** The decisions of one isolate that cross as a number once they have crossed in full. */
export class KnownDecisions {
  readonly #byNumber: RequestDecision[] = [];

  get(number: number): RequestDecision | undefined {
    return this.#byNumber[number];
  }

  /** The runtime numbers no long ones, so that a script's thousand decisions take little of the host's memory. */
  add(number: number, decision: RequestDecision): void {
    if (decision.kind !== 'respond') this.#byNumber[number] = decision;
    else if (decision.body.length <= MAX_KNOWN_BODY_LENGTH)
      // A copy: V8 cuts a string out of a longer one by keeping all of that, here the results of a whole call.
      this.#byNumber[number] = { ...decision, body: Buffer.from(decision.body).toString() };
  }
}
