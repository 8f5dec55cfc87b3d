import type { RequestDecision } from '../core/shared/rule-script.ts';
import { decodeRequestResult, type Decoded } from './bridge.ts';
import { MAX_KNOWN_BODY_LENGTH } from './runtime/limits.ts';

const NEXT: Decoded<RequestDecision> = { ok: true, value: { kind: 'next', edits: [] }, id: 0 };

/** Reads the decisions of one isolate, of which some cross as a number once they have crossed in full. */
export class KnownDecisions {
  readonly #byNumber: Decoded<RequestDecision>[] = [];

  /** What a call of the `request` handler has returned. */
  read(result: unknown): Decoded<RequestDecision> {
    if (result === 0) return NEXT;
    const known = typeof result === 'number' ? this.#byNumber[result] : undefined;
    if (known !== undefined) return known;
    const decoded = decodeRequestResult(result);
    if (decoded.ok && decoded.id !== 0) this.#add(decoded.id, decoded.value);
    return decoded;
  }

  /** The runtime numbers no long ones, so that a script's thousand decisions take little of the host's memory. */
  #add(id: number, decision: RequestDecision): void {
    if (decision.kind !== 'respond') this.#byNumber[id] = { ok: true, value: decision, id };
    else if (decision.body.length <= MAX_KNOWN_BODY_LENGTH) {
      // A copy: V8 cuts a string out of a longer one by keeping all of that, here the results of a whole call.
      const body = Buffer.from(decision.body).toString();
      this.#byNumber[id] = { ok: true, value: { ...decision, body }, id };
    }
  }
}
