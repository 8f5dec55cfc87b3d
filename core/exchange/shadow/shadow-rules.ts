import type { Logger } from '../../shared/log.ts';
import type { RequestDecision, RuleRequest, ShadowScript } from '../../shared/rule-script.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import { describeDecision, describeEdits, editsOf } from '../describe-decision.ts';
import type { Exchange } from '../exchange.ts';
import { differencesOf } from './compare-decisions.ts';

const ENTRIES_PER_SECOND = 10;
/** Of a path, a host and a decision in an entry, in characters. */
const LONGEST_TEXT = 500;

/** What became of the requests that a shadow script was to be asked about. */
export class ShadowCounts {
  /** Both scripts have decided; `differing` of them not in the same way. */
  compared = 0;
  differing = 0;
  /** The shadow script threw, or ran into a limit. */
  failed = 0;
  /** It had no time left. */
  skipped = 0;
}

/**
 * Asks a second rule script what it would decide, tells where that is something else than what was decided, and leaves it at that.
 */
export class ShadowRules {
  readonly script: ShadowScript;
  readonly counts: ShadowCounts;
  readonly #sample: number;
  readonly #log: Logger;
  readonly #entries = new TokenBucket(ENTRIES_PER_SECOND);

  /** `sample`: the share of the requests, to 1. */
  constructor(script: ShadowScript, sample: number, log: Logger, counts: ShadowCounts) {
    this.script = script;
    this.counts = counts;
    this.#sample = sample;
    this.#log = log;
  }

  /** `decision`: is not carried out yet, so that the request is as the other script saw it. */
  compare(exchange: Exchange, decision: RequestDecision): void {
    if (this.#sample < 1 && Math.random() >= this.#sample) return;
    const request = copyOf(exchange);
    const isAsked = this.script.decideIfTimeIsLeft(request, {
      onDecision: (shadow) => {
        this.#judge(exchange, request, decision, shadow);
        exchange.service.usage.leave();
      },
    });
    // The script stays as long as somebody waits for it.
    if (isAsked) exchange.service.usage.enter();
    else this.counts.skipped += 1;
  }

  #judge(exchange: Exchange, request: RuleRequest, decision: RequestDecision, shadow: RequestDecision): void {
    // The script's own log says why.
    if (shadow.kind === 'fault') {
      this.counts.failed += 1;
      return;
    }
    this.counts.compared += 1;
    const differs = differencesOf(decision, shadow);
    if (differs.length === 0) return;
    this.counts.differing += 1;
    if (!this.#entries.take()) return;
    const notLogged = this.#entries.takeDropped();
    this.#log.info(
      {
        rule: this.script.file,
        shadow: true,
        listener: exchange.service.config.name,
        requestId: exchange.requestId,
        method: request.method,
        host: request.host.slice(0, LONGEST_TEXT),
        path: request.path.slice(0, LONGEST_TEXT),
        differs,
        decision: describe(decision),
        shadowDecision: describe(shadow),
        ...(notLogged === 0 ? {} : { notLogged }),
      },
      'the shadow rule script decides otherwise',
    );
  }
}

/** What comes later changes the exchange. */
function copyOf(exchange: Exchange): RuleRequest {
  const { method, scheme, host, target, path, clientAddress, tls, head, variables } = exchange;
  const copy: Required<RuleRequest> = {
    method,
    scheme,
    host,
    target,
    path,
    clientAddress,
    tls,
    head,
    variables,
  };
  return copy;
}

/** Of these fields a log has no values. */
const SECRET = /authorization|cookie|secret|token|key/i;

function describe(decision: RequestDecision): string {
  const edits = editsOf(decision).map((edit) =>
    edit.op !== 'delete' && SECRET.test(edit.name) ? { ...edit, value: '…' } : edit,
  );
  return [describeDecision(decision), ...describeEdits(edits)].join('; ').slice(0, LONGEST_TEXT);
}
