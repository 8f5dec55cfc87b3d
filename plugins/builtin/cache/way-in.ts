import { textAnswer, type PluginAnswer, type PluginExchange } from '../../api.ts';
import { findIn } from '../conditions.ts';
import type { Found } from './answer-store.ts';
import { isBypassed, isDisguised } from './bypass.ts';
import type { CacheParts } from './cache-parts.ts';
import type { CacheEvent, Forwarded } from './cache-status.ts';
import { readDirectives, type Directives } from './directives.ts';
import type { Errand } from './errand.ts';
import { FieldCopy } from './field-copy.ts';
import type { Flight } from './flights.ts';
import type { MemoryEntry } from './memory-entry.ts';
import type { Refreshes } from './refreshes.ts';
import { keyedTarget, keyOf } from './request-keys.ts';
import { fromMemory, shapeFor, wholeAnswer } from './serve.ts';
import { mayServeForError, useOf } from './using.ts';
import { isKnown, variantOf } from './variants.ts';

/** How far the way in has come with a request: what one asks of the cache is told once. */
interface Question {
  readonly exchange: PluginExchange;
  readonly key: string;
  readonly asked: Directives | null;
}

/** What becomes of a GET or HEAD before it goes to a backend: it is answered, it waits for the answer to another one, or it goes. */
export class WayIn {
  readonly #parts: CacheParts;
  readonly #refreshes: Refreshes;
  /** Of requests that are on their way to a backend. */
  readonly #errands: WeakMap<PluginExchange, Errand>;
  /** Those that the cache has nothing to do with, by what their key would have been. */
  readonly #bypassed: WeakMap<PluginExchange, string>;

  constructor(
    parts: CacheParts,
    refreshes: Refreshes,
    errands: WeakMap<PluginExchange, Errand>,
    bypassed: WeakMap<PluginExchange, string>,
  ) {
    this.#parts = parts;
    this.#refreshes = refreshes;
    this.#errands = errands;
    this.#bypassed = bypassed;
  }

  /** @returns undefined: it goes on, with an errand where the cache wants to see the answer */
  take(exchange: PluginExchange): PluginAnswer | undefined | Promise<PluginAnswer | undefined> {
    const { options, store } = this.#parts;
    if (findIn(options, exchange) === null) return undefined;
    const { request } = exchange;
    const target = keyedTarget(request.target, options.key.query);
    if (target !== request.target) request.target = target;
    const key = keyOf(request, target, options.key);
    if (isBypassed(request, key, options.bypass)) return this.#bypass(exchange, key);
    const asked = options.requestDirectives === 'honour' ? directivesOfRequest(request.headers) : null;
    const entry = store.memory.find(key, request.headers);
    if (entry !== null) {
      const now = Date.now();
      if (useOf(entry.head.freshness, now, asked) === 'fresh') return this.#hit(exchange, entry, now);
    }
    return this.#beyond({ exchange, key, asked }, entry);
  }

  #hit(exchange: PluginExchange, entry: MemoryEntry, now: number): PluginAnswer {
    const { sums, telling, store } = this.#parts;
    const { request } = exchange;
    sums.hits += 1;
    store.touch(entry, now);
    exchange.setLogField('cache', 'hit');
    const { headers } = request;
    if (!headers.has('range') && !headers.has('if-none-match') && !headers.has('if-modified-since'))
      return wholeAnswer(entry, now, telling);
    const shape = shapeFor(entry.head, request, now, { forwarded: null }, telling);
    return fromMemory(shape, entry);
  }

  /** What memory alone does not answer. */
  #beyond(
    question: Question,
    entry: MemoryEntry | null,
  ): PluginAnswer | undefined | Promise<PluginAnswer | undefined> {
    const now = Date.now();
    if (entry !== null && this.#isUsable(entry, now, question.asked))
      return this.#stale(question, entry, now);
    if (this.#mayLieBelow(question, now)) return this.#lookBelow(question, entry);
    return this.#miss(question, entry === null ? null : foundOf(entry));
  }

  /** Not what was not to be kept a moment ago. */
  #mayLieBelow({ key, exchange }: Question, now: number): boolean {
    const { store, uncacheable } = this.#parts;
    return store.lower !== null && !uncacheable.has(this.#flightKeyOf(key, exchange), now);
  }

  /**
   * Whose answers may be kept for other reasons is not waited for, and is not waiting: one client with a password, whose answer
   * is never kept, would have all others go at once.
   */
  #flightKeyOf(key: string, { request }: PluginExchange): string {
    const variant = variantOf(this.#parts.store.memory.varyOf(key) ?? [], request.headers);
    return key + variant + (isKnown(request.headers) ? ' known' : '');
  }

  /** Whether it may be served though it is stale. */
  #isUsable(entry: MemoryEntry, now: number, asked: Directives | null): boolean {
    const { freshness } = entry.head;
    const use = useOf(freshness, now, asked);
    if (use === 'stale-while-revalidate') return entry.head.origin !== null || entry.isRefreshing;
    return entry.restUntil > now && mayServeForError(freshness, now);
  }

  #stale({ exchange }: Question, entry: MemoryEntry, now: number): PluginAnswer {
    const answer = this.#hit(exchange, entry, now);
    exchange.setLogField('cache', 'stale');
    this.#parts.sums.stale += 1;
    this.#refreshes.begin(entry, now);
    return answer;
  }

  /** In the lower tier, which another worker may have filled. */
  async #lookBelow(question: Question, entry: MemoryEntry | null): Promise<PluginAnswer | undefined> {
    const { store } = this.#parts;
    const { exchange, key, asked } = question;
    const below = await store.findBelow(key, exchange.request.headers);
    if (exchange.signal.aborted) return undefined;
    const found = below ?? (entry === null ? null : foundOf(entry));
    if (found === null) return this.#miss(question, null);
    const now = Date.now();
    const isFresh = useOf(found.head.freshness, now, asked) === 'fresh';
    if (found.memory !== null) {
      if (isFresh) return this.#hit(exchange, found.memory, now);
      if (this.#isUsable(found.memory, now, asked)) return this.#stale(question, found.memory, now);
    } else if (isFresh) {
      const answer = await this.#answer(exchange, found, now, { forwarded: null });
      if (answer !== null) {
        this.#parts.sums.hits += 1;
        exchange.setLogField('cache', 'hit');
        return answer;
      }
      if (exchange.signal.aborted) return undefined;
    }
    return this.#miss(question, found);
  }

  #answer(
    { request, signal }: PluginExchange,
    found: Found,
    now: number,
    event: CacheEvent,
  ): Promise<PluginAnswer | null> {
    const shape = shapeFor(found.head, request, now, event, this.#parts.telling);
    return this.#parts.store.answer(found, request.method, shape, signal);
  }

  /** Nothing is there that may be served. */
  #miss(
    question: Question,
    stale: Found | null,
  ): PluginAnswer | undefined | Promise<PluginAnswer | undefined> {
    const { uncacheable, flights, options, store } = this.#parts;
    const { exchange, key, asked } = question;
    const { headers, method } = exchange.request;
    if (asked?.onlyIfCached === true) return textAnswer(504, 'Not in the cache\n');
    if (isDisguised(headers)) return this.#bypass(exchange, key);
    const vary = store.memory.varyOf(key);
    const forwarded = whyForwarded(stale, vary);
    const flightKey = this.#flightKeyOf(key, exchange);
    const miss = { forwarded, flightKey, stale } as const;
    if (method === 'HEAD' || uncacheable.has(flightKey, Date.now()))
      return this.#go(question, { ...miss, asksWhole: false });
    // What everybody has to ask for anew is not to be waited for.
    const mayWait = stale === null || stale.head.freshness.lifetimeMs > 0;
    const { waiters } = options.collapse;
    if (!mayWait || waiters === 0) return this.#go(question, { ...miss, asksWhole: true });
    const flight = flights.find(flightKey);
    if (flight === null) return this.#lead(question, miss);
    if (flight.waiters >= waiters) return this.#go(question, { ...miss, asksWhole: true, collapsed: false });
    return this.#wait(question, flight, miss);
  }

  async #wait(question: Question, flight: Flight, miss: Miss): Promise<PluginAnswer | undefined> {
    const { options, store, flights } = this.#parts;
    const { exchange, key } = question;
    const { headers } = exchange.request;
    const until = performance.now() + options.collapse.timeout;
    for (let other = flight; ;) {
      const landing = await other.wait(Math.max(1, until - performance.now()), exchange.signal);
      if (exchange.signal.aborted) return undefined;
      if (landing === 'timeout') other.close();
      if (landing === 'timeout' || landing === 'not-stored') break;
      const entry = store.memory.find(key, headers);
      const found = entry === null ? await store.findBelow(key, headers) : foundOf(entry);
      const answer = found === null ? null : await this.#collapsed(question, found, miss.forwarded);
      // Whose client has left leads no others.
      if (answer !== null || exchange.signal.aborted) return answer ?? undefined;
      // It is there, but has to be asked for anew by each.
      if (landing === 'stored' && found !== null) break;
      // It was lost, or is another variant: one of those who wait goes, and the others wait for that one.
      const flightKey = this.#flightKeyOf(key, exchange);
      const next = flights.find(flightKey);
      if (next === null) return this.#lead(question, { ...miss, flightKey });
      other = next;
    }
    return this.#go(question, { ...miss, asksWhole: true, collapsed: false });
  }

  /** The answer to another request, for which this one has waited; null: it is not to be served. */
  async #collapsed(question: Question, found: Found, forwarded: Forwarded): Promise<PluginAnswer | null> {
    const now = Date.now();
    const { exchange, asked } = question;
    if (useOf(found.head.freshness, now, asked) === 'fresh') {
      const answer = await this.#answer(exchange, found, now, { forwarded, collapsed: true });
      if (answer === null) return null;
      const { sums } = this.#parts;
      sums.hits += 1;
      sums.collapsed += 1;
      exchange.setLogField('cache', 'collapsed');
      return answer;
    }
    const { memory } = found;
    if (memory === null || !this.#isUsable(memory, now, asked)) return null;
    return this.#stale(question, memory, now);
  }

  /** Goes, and others may wait for it. */
  #lead(question: Question, miss: Miss): undefined {
    const flight = this.#parts.flights.begin(miss.flightKey);
    return this.#go(question, { ...miss, asksWhole: true, flight });
  }

  /** Lets it go to a backend. */
  #go({ exchange, key }: Question, going: Going): undefined {
    const { store, sums } = this.#parts;
    sums.misses += 1;
    exchange.setLogField('cache', going.forwarded === 'stale' ? 'expired' : 'miss');
    this.#errands.set(exchange, {
      key,
      flight: null,
      ...going,
      received: new FieldCopy(exchange.request.headers),
      requestedAt: Date.now(),
      mark: store.purges.mark,
      sent: null,
      response: null,
      plan: null,
      codingBefore: null,
      isKeeping: false,
    });
  }

  #bypass(exchange: PluginExchange, key: string): undefined {
    this.#parts.sums.bypassed += 1;
    exchange.setLogField('cache', 'bypass');
    this.#bypassed.set(exchange, key);
  }
}

interface Miss {
  readonly forwarded: Forwarded;
  readonly flightKey: string;
  readonly stale: Found | null;
}

type Going = Miss & Pick<Errand, 'asksWhole'> & Partial<Pick<Errand, 'flight' | 'collapsed'>>;

function foundOf(memory: MemoryEntry): Found {
  return { head: memory.head, memory };
}

function whyForwarded(stale: Found | null, vary: readonly string[] | null): Forwarded {
  if (stale === null) return vary === null ? 'uri-miss' : 'vary-miss';
  return useOf(stale.head.freshness, Date.now(), null) === 'fresh' ? 'request' : 'stale';
}

/** RFC 9111 5.4: Pragma counts where there is no Cache-Control. */
function directivesOfRequest(headers: PluginExchange['request']['headers']): Directives {
  return readDirectives(headers.get('cache-control') ?? headers.get('pragma'));
}
