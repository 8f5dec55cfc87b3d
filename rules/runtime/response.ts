import { HeaderBlock, type MutableHeaders } from './headers.ts';

/** The answer on its way back to the client. Changes are made to what the client gets. */
export interface RuleResponse {
  /** 200 to 599; may be set. An answer without a body (204, 304) stays one, and no other becomes one. */
  status: number;
  readonly headers: MutableHeaders;
}

export class ResponseHandle implements RuleResponse {
  readonly #received: number;
  readonly #headers: HeaderBlock;
  #status: number;

  constructor(status: number, head: string) {
    this.#received = status;
    this.#status = status;
    this.#headers = new HeaderBlock(head, null);
  }

  get status(): number {
    return this.#status;
  }

  set status(status: number) {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new RangeError(`a response's status is 200 to 599, not ${String(status)}`);
    }
    const bodiless = (code: number): boolean => code === 204 || code === 205 || code === 304;
    if (bodiless(status) !== bodiless(this.#received)) {
      throw new RangeError(
        `the status cannot change from ${this.#received} to ${status}: only one of them has a body`,
      );
    }
    this.#status = status;
  }

  get headers(): MutableHeaders {
    return this.#headers;
  }

  /** The new status or null, and the header changes or null. */
  static changes(response: ResponseHandle): [status: number | null, edits: string[] | null] {
    return [
      response.#status === response.#received ? null : response.#status,
      HeaderBlock.edits(response.#headers),
    ];
  }
}
