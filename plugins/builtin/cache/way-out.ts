import type { BodyHook, PluginAnswer, PluginAnsweredExchange } from '../../api.ts';
import { rangeOf } from '../preconditions.ts';
import type { Found } from './answer-store.ts';
import { Arrival } from './arrival.ts';
import type { CacheParts } from './cache-parts.ts';
import { cacheStatus, type CacheEvent } from './cache-status.ts';
import type { Errand } from './errand.ts';
import { headOf, originFor } from './head-of-answer.ts';
import { Keeping } from './keeping.ts';
import { REST_MS } from './refreshes.ts';
import { freshened } from './revalidate.ts';
import { contentRange, shapeFor, validatorsOf } from './serve.ts';
import { decideStoring, OF_ONE_REQUEST, type Storing } from './storing.ts';
import type { ByteSpan, StoredHead } from './stored-answer.ts';
import { withBodyFields } from './stored-fields.ts';
import { mayServeForError } from './using.ts';
import { isKnown, variantOf, varyOf } from './variants.ts';

/** RFC 5861 4: what counts as an error. */
const FAILURES = new Set([500, 502, 503, 504]);

/** What becomes of the answer to a request that the cache has let through. */
export class WayOut {
  readonly #parts: CacheParts;

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  head(
    exchange: PluginAnsweredExchange,
    errand: Errand,
  ): PluginAnswer | undefined | Promise<PluginAnswer | undefined> {
    const { response, request } = exchange;
    const { status, from } = response;
    const { stale } = errand;
    const now = Date.now();
    errand.response = response;
    errand.codingBefore = response.headers.get('content-encoding');
    if (stale !== null && status === 304 && from === 'backend' && errand.asksWhole)
      return this.#unchanged(exchange, errand, stale, now);
    const hasFailed = from === 'proxy' ? status >= 500 : from === 'backend' && FAILURES.has(status);
    if (stale !== null && hasFailed && mayServeForError(stale.head.freshness, now))
      return this.#instead(exchange, errand, stale, now);
    if (from !== 'backend' || request.method === 'HEAD') {
      errand.flight?.land('not-stored');
      this.#tell(exchange, errand, {});
      return undefined;
    }
    const storing = this.#decide(exchange, errand, now);
    if (storing.kind === 'refuse') this.#refused(exchange, errand, storing.why, now);
    else this.#plan(exchange, errand, storing, now);
    return undefined;
  }

  #decide({ response, request }: PluginAnsweredExchange, errand: Errand, receivedAt: number): Storing {
    const { status, headers } = response;
    const { received, requestedAt } = errand;
    const facts = { request: received, status, headers, requestedAt, receivedAt };
    const storing = decideStoring(facts, this.#parts.options);
    if (storing.kind === 'refuse') return storing;
    // Something behind the cache has changed what the answer hangs on, and the cache will not see that of the next request.
    const sent = errand.sent ?? request.headers;
    if (variantOf(storing.vary, received) !== variantOf(storing.vary, sent))
      return { kind: 'refuse', why: 'vary-behind-cache' };
    return storing;
  }

  #refused(exchange: PluginAnsweredExchange, errand: Errand, why: string, now: number): void {
    const { uncacheable, store } = this.#parts;
    const { status } = exchange.response;
    errand.flight?.land('not-stored');
    this.#tell(exchange, errand, { detail: why });
    if (status >= 500 || OF_ONE_REQUEST.has(status)) return;
    uncacheable.add(errand.flightKey, now);
    // What those who show who they are get says nothing of what is for all.
    if (errand.stale !== null && !isKnown(errand.received)) store.drop(errand.stale);
  }

  #plan(
    exchange: PluginAnsweredExchange,
    errand: Errand,
    { freshness, vary }: Extract<Storing, { kind: 'store' }>,
    now: number,
  ): void {
    const { response } = exchange;
    const { status } = response;
    errand.plan = { status, fields: [...response.headers], freshness, vary, receivedAt: now };
    const ttl = Math.floor((freshness.bornAt + freshness.lifetimeMs - now) / 1000);
    this.#tell(exchange, errand, { stored: true, ttl });
    if (response.hasBody) return;
    const arrival = this.#arrive(exchange, errand, 0);
    if (arrival === null) return errand.flight?.land('not-stored');
    void Promise.resolve(arrival.finish()).then((isKept) => this.#land(errand, isKept, true));
  }

  /** The body has its turn. */
  body(exchange: PluginAnsweredExchange, errand: Errand): BodyHook | null {
    const { response } = exchange;
    const length = lengthOf(response.headers.get('content-length'));
    const isOfBackend = errand.response === response;
    const arrival = isOfBackend ? this.#arrive(exchange, errand, length ?? -1) : null;
    const span = isOfBackend ? this.#spanOf(exchange, errand, length) : null;
    if (arrival === null && span === null) {
      errand.flight?.land('not-stored');
      return null;
    }
    errand.isKeeping = true;
    const transform = new Keeping(arrival, span, (isKept, isWhole) => this.#land(errand, isKept, isWhole));
    return { transform, length: span === null ? 'same' : span.end - span.start };
  }

  #land(errand: Errand, isKept: boolean, isWhole: boolean): void {
    const { flight, flightKey } = errand;
    if (isKept) this.#parts.uncacheable.delete(flightKey);
    else if (isWhole) this.#parts.uncacheable.add(flightKey, Date.now());
    flight?.land(isKept ? 'stored' : isWhole ? 'not-stored' : 'lost');
  }

  /** null: it is too large, or turns out not to be kept. */
  #arrive(exchange: PluginAnsweredExchange, errand: Errand, length: number): Arrival | null {
    const { plan, key, received, mark, codingBefore } = errand;
    if (plan === null) return null;
    const { request, response, upstream } = exchange;
    const isRepacked = response.headers.get('content-encoding') !== codingBefore;
    // What packs answers says so at its turn, of those that it leaves as they are, too.
    const isPackable = varyOf(response.headers.get('vary'))?.includes('accept-encoding') === true;
    const isNew = isPackable && !plan.vary.includes('accept-encoding');
    const vary = isNew ? [...plan.vary, 'accept-encoding'].sort() : plan.vary;
    const { scheme, host, target, headers } = request;
    const sent = errand.sent ?? headers;
    const origin = originFor({ scheme, host, target, upstream, received, sent }, vary, this.#parts);
    const head = headOf(
      {
        key,
        received,
        status: plan.status,
        fields: isRepacked || isNew ? withBodyFields(plan.fields, response.headers) : plan.fields,
        freshness: plan.freshness,
        vary,
        receivedAt: plan.receivedAt,
        // What packs it sees nothing of a background request.
        origin: isRepacked || isNew ? null : origin,
        length: isRepacked ? -1 : length,
      },
      this.#parts,
    );
    const arrival = new Arrival(this.#parts.store, head, mark);
    return arrival.isKept ? arrival : null;
  }

  /** The part that the client has asked for of an answer that the backend was asked for whole. */
  #spanOf(
    { request, response }: PluginAnsweredExchange,
    { asksWhole, received, codingBefore }: Errand,
    length: number | null,
  ): ByteSpan | null {
    if (!asksWhole || request.method !== 'GET' || response.status !== 200 || length === null) return null;
    if (response.headers.get('content-encoding') !== codingBefore || response.headers.has('content-range'))
      return null;
    const range = rangeOf(received, length, validatorsOf({ fields: [...response.headers] }));
    if (range === null || range === 'unsatisfiable') return null;
    response.status = 206;
    response.headers.set('Content-Range', contentRange(range, length));
    return range;
  }

  /** The backend says that what is stored is still the answer. */
  async #unchanged(
    exchange: PluginAnsweredExchange,
    errand: Errand,
    stale: Found,
    receivedAt: number,
  ): Promise<PluginAnswer> {
    const { store, sums, context } = this.#parts;
    const { request, response, upstream } = exchange;
    const { received, requestedAt, mark } = errand;
    const { scheme, host, target } = request;
    const sent = errand.sent ?? request.headers;
    const origin = originFor(
      { scheme, host, target, upstream, received, sent },
      stale.head.vary,
      this.#parts,
    );
    const head = freshened(
      { stored: stale.head, request: received, fields: response.headers, requestedAt, receivedAt, origin },
      this.#parts,
    );
    sums.revalidated += 1;
    exchange.setLogField('cache', 'revalidated');
    if (head === null) store.drop(stale);
    else if (!store.purges.hasSince(mark, head)) store.update(stale, head);
    errand.flight?.land(head === null ? 'not-stored' : 'stored');
    const answer = await this.#fromStore(errand, head ?? stale.head, stale, exchange, 304);
    if (answer !== null) return answer;
    // Its file has gone since it was looked for.
    store.drop(stale);
    context.log.warn({ key: head?.key }, 'a stored answer was gone when it was to be sent');
    return { status: 502 };
  }

  /** Something has failed, and the stale answer takes its place. */
  async #instead(
    exchange: PluginAnsweredExchange,
    errand: Errand,
    stale: Found,
    now: number,
  ): Promise<PluginAnswer | undefined> {
    const { sums } = this.#parts;
    // For a moment nobody else asks.
    if (stale.memory !== null) stale.memory.restUntil = now + REST_MS;
    errand.flight?.land('stored');
    const answer = await this.#fromStore(errand, stale.head, stale, exchange, exchange.response.status);
    if (answer === null) return undefined;
    sums.stale += 1;
    exchange.setLogField('cache', 'stale');
    return answer;
  }

  #fromStore(
    { forwarded, received }: Errand,
    head: StoredHead,
    stale: Found,
    { request: { method }, signal }: PluginAnsweredExchange,
    forwardedStatus: number,
  ): Promise<PluginAnswer | null> {
    const asked = { method, headers: received };
    const shape = shapeFor(head, asked, Date.now(), { forwarded, forwardedStatus }, this.#parts.telling);
    return this.#parts.store.answer(stale, method, shape, signal);
  }

  #tell({ response }: PluginAnsweredExchange, errand: Errand, event: Partial<CacheEvent>): void {
    const { telling, options } = this.#parts;
    if (options.tags.remove) response.headers.delete(options.tags.header);
    if (telling === null) return;
    const { forwarded, key, collapsed } = errand;
    const whole = {
      forwarded,
      forwardedStatus: response.status,
      ...event,
      ...(collapsed === undefined ? {} : { collapsed }),
    };
    response.headers.append('Cache-Status', cacheStatus(whole, key, telling));
  }
}

function lengthOf(field: string | null): number | null {
  return field !== null && /^\d{1,15}$/.test(field) ? Number(field) : null;
}
