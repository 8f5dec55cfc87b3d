import type { PluginInstance } from '../../../plugins/contract/chain.ts';
import type { BodyHook } from '../../../plugins/contract/message.ts';
import type { HeaderList } from '../headers.ts';
import { CHUNKED_BODY, hasBody, type BodyFraming } from '../streams.ts';
import type { StationPlan } from './body-pipe.ts';
import { CodingError } from './coding-error.ts';
import { codingsOf, type Coding } from './codings.ts';

/**
 * What body hooks make of one body: its stations and how it is framed behind them. What Content-Encoding says before a
 * hook is called is undone for it, and what it says after the call is done again, once for all that stand side by side.
 */
export class BodyPlan {
  readonly stations: StationPlan[] = [];
  framing: BodyFraming;
  readonly #headers: HeaderList;
  /** What Content-Encoding says before any hook. */
  readonly #codingBefore: string | null;
  /** Whose transform the content was decoded for; null: it is as it came. */
  #decodedFor: PluginInstance | null = null;

  constructor(headers: HeaderList, framing: BodyFraming) {
    this.#headers = headers;
    this.#codingBefore = headers.get('content-encoding');
    this.framing = framing;
  }

  /** @throws what is wrong with the hook; the plan is then as before. */
  add(
    instance: PluginInstance,
    { transform, decoded = false, length }: BodyHook,
    before: readonly Coding[] | 'unknown',
  ): void {
    if (typeof transform !== 'object' || transform === null || typeof transform.data !== 'function')
      throw new TypeError('a body hook gives an object with a `transform`, or null');
    const framing = framingFor(length, this.framing);
    if (decoded) {
      const codings = this.#checked(before);
      if (this.#decodedFor === null) this.#decode(instance, codings);
      const after = codingsOf(this.#headers);
      const isCoded = codings.length > 0 || after.length > 0;
      this.framing = isCoded ? CHUNKED_BODY : framing;
    } else {
      // The header field is that of before the call for whoever looks at coded content.
      if (before !== 'unknown') this.#encode(before);
      this.framing = framing;
    }
    this.stations.push({ kind: 'transform', instance, transform });
  }

  #checked(before: readonly Coding[] | 'unknown'): readonly Coding[] {
    if (before === 'unknown' || codingsOf(this.#headers) === 'unknown')
      throw new CodingError(
        'unsupported',
        `the content coding ${this.#headers.get('content-encoding')} can not be undone`,
      );
    if (before.length > 0 && this.#headers.has('content-range'))
      throw new CodingError('unsupported', 'a part of coded content can not be decoded');
    return before;
  }

  #decode(instance: PluginInstance, codings: readonly Coding[]): void {
    this.#decodedFor = instance;
    for (const coding of codings.toReversed()) this.stations.push({ kind: 'decode', instance, coding });
  }

  #encode(codings: readonly Coding[]): void {
    const instance = this.#decodedFor;
    this.#decodedFor = null;
    if (instance === null) return;
    for (const coding of codings) this.stations.push({ kind: 'encode', instance, coding });
  }

  /** To HEAD: where a hook has changed the coding, the length that is told is that of another body (RFC 9110 8.6). */
  #forgetLength(): void {
    if (!hasBody(this.framing) && this.#headers.get('content-encoding') !== this.#codingBefore)
      this.#headers.delete('content-length');
  }

  /** No hook follows: the header fields are made to fit. */
  finish(): void {
    if (this.stations.length === 0) return this.#forgetLength();
    const codings = codingsOf(this.#headers);
    if (codings !== 'unknown') this.#encode(codings);
    if (this.framing.kind === 'length') this.#headers.set('Content-Length', String(this.framing.bytes));
    else this.#headers.delete('content-length');
  }
}

/** @throws RangeError */
function framingFor(length: BodyHook['length'], framing: BodyFraming): BodyFraming {
  if (length === 'same') return framing;
  if (length === undefined) return CHUNKED_BODY;
  if (!Number.isSafeInteger(length) || length < 0)
    throw new RangeError(`${String(length)} is no length of a body`);
  return { kind: 'length', bytes: length };
}
