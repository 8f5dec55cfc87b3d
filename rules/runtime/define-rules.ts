import type { Client } from './client.ts';
import type { RuleConnection } from './connection.ts';
import type { ConnectDecision, Decision } from './decisions.ts';
import type { RuleRequest, SentRequest } from './request.ts';
import type { RuleResponse } from './response.ts';

/** A backend that the `pick` handler may choose. */
export interface Candidate {
  /** As written in the config. */
  readonly address: string;
  /** As it counts now: slow start and commands change it. */
  readonly weight: number;
  readonly health: 'up' | 'down';
  /** Requests that this worker has under way there. */
  readonly inFlight: number;
  /** Requests that this worker has sent there since it began. */
  readonly requests: number;
  /** How many of them failed by the backend's fault: no connection, no answer, a broken one. */
  readonly errors: number;
  /** From the request to the answer's head, in ms: the mean of the last ten seconds. It falls while none comes; null: nothing is known. */
  readonly latency: number | null;
}

export type LogValue =
  string | number | boolean | null | readonly LogValue[] | { readonly [key: string]: LogValue };

/** An entry of the access log, as its JSON format has it. */
export type LogEntry = { readonly [key: string]: LogValue };

/** Only the handlers that a script has are ever called. All are plain functions: none may be `async`. */
export interface Rules {
  /**
   * Decides where a connection to a `tcp` or `tls` listener goes, or a session of a `udp` one; never called for `http` and `https`.
   * Returning nothing is `next()`.
   */
  readonly connect?: (conn: RuleConnection) => ConnectDecision | undefined | void;
  /** Decides where a request goes. Returning nothing is `next()`. */
  readonly request?: (req: RuleRequest) => Decision | undefined | void;
  /** Sees every answer of a backend before it goes to the client. */
  readonly response?: (res: RuleResponse, req: SentRequest) => undefined | void;
  /** Keeps an access-log entry (true, nothing), drops it (false), or keeps it with more fields. */
  readonly log?: (
    entry: LogEntry,
  ) => boolean | Readonly<Record<string, string | number | boolean>> | undefined | void;
  /** Picks a backend: one of `candidates` or its index; nothing leaves it to the upstream's scheduler. */
  readonly pick?: (
    candidates: readonly Candidate[],
    req: SentRequest,
  ) => Candidate | number | undefined | void;
  /**
   * Says whether a certificate may be obtained for a name that a client asks for in its handshake, and that has none
   * yet: true, or not. `name`: in lower case.
   */
  readonly certificate?: (name: string, client: Client) => boolean | undefined | void;
}

declare const brand: unique symbol;

/** What a rule script exports by default. */
export interface DefinedRules {
  readonly [brand]: 'rules';
}

export const HANDLERS = ['connect', 'request', 'response', 'log', 'pick', 'certificate'] as const;

export class MadeRules {
  declare readonly [brand]: 'rules';
  readonly #rules: Rules;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Undefined for anything that `defineRules` did not make. */
  static of(value: unknown): Rules | undefined {
    return typeof value === 'object' && value !== null && #rules in value ? value.#rules : undefined;
  }
}

/** Makes a rule script of its handlers; the script's default export. Throws a TypeError for a handler that does not exist or is `async`. */
export function defineRules(rules: Rules): DefinedRules {
  if (typeof rules !== 'object' || rules === null)
    throw new TypeError('defineRules takes an object with the handlers');
  for (const [name, handler] of Object.entries(rules)) {
    if (!HANDLERS.some((known) => known === name)) {
      throw new TypeError(
        `there is no handler \`${name}\`: a rule script may have ${HANDLERS.map((known) => `\`${known}\``).join(', ')}`,
      );
    }
    if (typeof handler !== 'function') throw new TypeError(`the handler \`${name}\` is no function`);
    const kind = Object.prototype.toString.call(handler);
    if (kind !== '[object Function]') {
      const what =
        kind === '[object AsyncFunction]'
          ? 'an async function: async handlers are not supported'
          : 'a generator, not a plain function';
      throw new TypeError(`the handler \`${name}\` is ${what}`);
    }
  }
  return new MadeRules(rules);
}
