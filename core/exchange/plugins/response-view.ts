import type { PluginResponse } from '../../../plugins/contract/exchange.ts';
import { hasBody, type ResponseHead } from '../streams.ts';
import { hasNoBody, reasonOf } from '../respond.ts';
import { checkStatus } from './own-answer.ts';
import { HeadersOfMessage } from './plugin-headers.ts';

/** The answer of an exchange, as plugins see it before it is sent. */
export class ResponseView implements PluginResponse {
  readonly from: PluginResponse['from'];
  readonly headers: HeadersOfMessage;
  readonly #isToHead: boolean;
  /** As plugins have left it. */
  head: ResponseHead;

  constructor(head: ResponseHead, from: PluginResponse['from'], method: string) {
    this.head = head;
    this.from = from;
    this.headers = new HeadersOfMessage(head.headers);
    this.#isToHead = method === 'HEAD';
  }

  get status(): number {
    return this.head.status;
  }

  set status(status: number) {
    checkStatus(status);
    if (this.head.status === 101) throw new RangeError('a switch of protocols has no other status');
    // The body would be taken for the next answer, or waited for in vain.
    if (!this.#isToHead && hasNoBody(status) !== hasNoBody(this.head.status))
      throw new RangeError(`a ${this.head.status} can not become a ${status}: one of them has no body`);
    this.head = { ...this.head, status, reason: reasonOf(status) };
  }

  get hasBody(): boolean {
    return hasBody(this.head.framing);
  }
}
