import { ProxyError } from '../shared/errors.ts';
import { pickCandidate, type AddressBackend } from '../upstreams/backend.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { applyEdits } from './apply-edits.ts';
import type { Exchange } from './exchange.ts';
import { hasNoBody, reasonOf } from './respond.ts';
import type { ResponseHead } from './streams.ts';

/** The backend that the rule's own scheduler picks; undefined leaves it to the upstream's. */
export function pickByRule(exchange: Exchange, upstream: Upstream): AddressBackend | undefined {
  const { rules } = exchange.service;
  if (rules === null || !rules.handles.pick) return undefined;
  const candidates = upstream.candidates();
  const now = performance.now();
  const index = rules.pick(
    candidates.map((backend) => pickCandidate(backend, now)),
    exchange,
  );
  const backend = upstream.resolve(candidates[index], undefined, exchange);
  if (backend !== undefined) exchange.pickedBy = 'other';
  return backend;
}

/** The head of the answer as the rule's response handler leaves it, or the handler's failure. It has nothing to do with a 101. */
export function editAnswerByRule(exchange: Exchange, head: ResponseHead): ResponseHead | ProxyError {
  const { rules } = exchange.service;
  if (rules === null || !rules.handles.response || head.status === 101) return head;
  const changed = rules.response(head.status, head.headers.toText(), exchange);
  if (changed === null) return head;
  if (changed === 'fault') return ruleFault('the response handler failed');
  const { status } = changed;
  if (status !== null && exchange.method !== 'HEAD' && hasNoBody(status) !== hasNoBody(head.status)) {
    // The body would be taken for the next answer, or waited for in vain.
    return ruleFault(`the response handler turns ${head.status} into ${status}: one has no body`);
  }
  applyEdits(head.headers, changed.edits);
  return status === null ? head : { ...head, status, reason: reasonOf(status) };
}

export function ruleFault(reason: string): ProxyError {
  return new ProxyError('rule-fault', 'proxy', reason);
}
