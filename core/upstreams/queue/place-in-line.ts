import { ProxyError } from '../../shared/errors.ts';
import type { Priority } from '../../shared/priority.ts';
import type { AddressBackend } from '../backend.ts';
import type { KeySource, Upstream } from '../upstream.ts';
import type { Waiter } from './waiting-queue.ts';

/** What wants a place at a backend: a request, or a connection. */
export interface PlaceSeeker extends KeySource {
  readonly tried: readonly AddressBackend[];
  /** Attempts at its present upstream. */
  readonly attemptsHere: number;
  readonly priority: Priority;
  placeInLine: PlaceInLine | null;
  /** It has waited for so long. */
  onWaited(ms: number): void;
}

/** Whose request or connection waits. */
export interface PlaceTaker {
  readonly seeker: PlaceSeeker;
  /** Its time in line is over: `place` is the backend that has one free, or why it gets none. */
  onLineLeft(upstream: Upstream, place: AddressBackend | ProxyError): void;
}

/**
 * The backend at which a request has a place at once: `own`, which is the client's or a rule's choice, or the scheduler's. null: it
 * waits in line, since others do already or no place is free, and `taker` hears of it. Otherwise why there is nothing to wait for.
 */
export function placeOrLine(
  taker: PlaceTaker,
  upstream: Upstream,
  own: AddressBackend | undefined,
): AddressBackend | ProxyError | null {
  const { seeker } = taker;
  const { queue } = upstream;
  const picked = own ?? pickByScheduler(seeker, upstream);
  // A retry has stood in line before.
  const mayPass = queue.length === 0 || seeker.attemptsHere > 0;
  if (picked !== undefined && mayPass && !picked.isFull) return picked;
  // A key may have backends of its own, which can be full or down while others are not.
  if (picked === undefined && upstream.pick([], seeker, true) === undefined)
    return new ProxyError('no-backend', 'proxy', upstream.whyNone());
  const place = new PlaceInLine(taker, upstream, own ?? null);
  if (queue.enter(place)) {
    seeker.placeInLine = place;
    return null;
  }
  place.leave();
  return queueFull(upstream);
}

function queueFull({ name, queue }: Upstream): ProxyError {
  return new ProxyError('queue-full', 'proxy', `${queue.length} requests wait for ${name} already`);
}

/** A backend that was not tried yet if there is one, in reserve if need be. */
function pickByScheduler(seeker: PlaceSeeker, upstream: Upstream): AddressBackend | undefined {
  const { tried } = seeker;
  const picked = upstream.pick(tried, seeker);
  if (picked !== undefined || tried.length === 0) return picked;
  return upstream.pickReserve(tried, seeker) ?? upstream.pick([], seeker);
}

/** A request that waits until a backend has a place free, for as long as its upstream allows. */
export class PlaceInLine implements Waiter {
  readonly priority: Priority;
  readonly #taker: PlaceTaker;
  readonly #upstream: Upstream;
  #own: AddressBackend | null;
  readonly #sinceMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(taker: PlaceTaker, upstream: Upstream, own: AddressBackend | null) {
    this.priority = taker.seeker.priority;
    this.#taker = taker;
    this.#upstream = upstream;
    this.#own = own;
    this.#timer = setTimeout(() => this.#giveUp(), upstream.config.queue.timeoutMs);
  }

  /** The client's own, or the one of a rule; it is waited for while it takes clients. */
  get own(): AddressBackend | null {
    if (this.#own !== null && !this.#own.takesStickySessions) this.#own = null;
    return this.#own;
  }

  tryGo(): boolean {
    const { seeker } = this.#taker;
    const backend = this.own ?? pickByScheduler(seeker, this.#upstream);
    if (backend === undefined || backend.isFull) return false;
    const waitedMs = this.leave();
    const { counters } = this.#upstream.queue;
    counters.served += 1;
    counters.waits.record(waitedMs);
    this.#taker.onLineLeft(this.#upstream, backend);
    return true;
  }

  /** @returns how long it has waited, in ms */
  leave(): number {
    const { seeker } = this.#taker;
    clearTimeout(this.#timer);
    this.#upstream.queue.leave(this);
    seeker.placeInLine = null;
    const waitedMs = performance.now() - this.#sinceMs;
    seeker.onWaited(waitedMs);
    return waitedMs;
  }

  giveWay(): void {
    this.leave();
    this.#taker.onLineLeft(this.#upstream, queueFull(this.#upstream));
  }

  #giveUp(): void {
    const waitedMs = this.leave();
    this.#upstream.queue.counters.timedOut += 1;
    const message = `no backend of ${this.#upstream.name} had a place free for ${Math.round(waitedMs)} ms`;
    this.#taker.onLineLeft(this.#upstream, new ProxyError('queue-timeout', 'proxy', message));
  }
}
