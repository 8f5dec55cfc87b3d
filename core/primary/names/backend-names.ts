import type { NameAddresses } from '../../ipc/messages.ts';
import { hostNameOf } from '../../shared/address.ts';
import type { UpstreamConfig } from '../../shared/config-types.ts';
import type { Logger } from '../../shared/log.ts';
import type { AskName } from './name-source.ts';
import { MOST_ADDRESSES, nextAddresses, usableFamilies } from './next-addresses.ts';

export interface BackendNamesOptions {
  readonly ask: AskName;
  readonly log: Logger;
  /** A name stands for other addresses now, or for the first ones; none: it is forgotten, or gone. */
  readonly onChange: (change: NameAddresses) => void;
}

/** The bounds of a TTL that is followed: no server may be asked for ever, nor an answer be kept for ever. */
const ttlBoundsMs = { least: 1_000, most: 300_000 };
/** For answers that do not say how long they live. */
const noTtlMs = 30_000;
/** Until a name is asked for again that could not be resolved. */
const retryMs = 5_000;
/** For so long "there is no such name" is not believed of a name that had addresses: a slip in a zone is mended by then. */
const goneMs = 30_000;
/** How long a start or a reload waits for new names. */
const firstAnswerMs = 5_000;

interface Tracked {
  readonly name: string;
  /** null: as long as its answers live. */
  intervalMs: number | null;
  /** null before the first answer. */
  addresses: readonly string[] | null;
  /** Why the last answer was none. */
  problem: string | null;
  goneSince: number | null;
  isCut: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Keeps the host names of backends resolved, for all workers: asks again when an answer has lived, keeps
 * the last addresses of a name that cannot be resolved, and says each change once.
 */
export class BackendNames {
  readonly #options: BackendNamesOptions;
  readonly #names = new Map<string, Tracked>();

  constructor(options: BackendNamesOptions) {
    this.#options = options;
  }

  /** What is known of every name. */
  known(): NameAddresses[] {
    return [...this.#names.values()].map(({ name, addresses }) => [name, addresses ?? []]);
  }

  addressesOf(name: string): readonly string[] {
    return this.#names.get(name)?.addresses ?? [];
  }

  /** Begins to resolve the names that are new among these; returns when they were answered, or after a while. */
  async add(upstreams: readonly UpstreamConfig[]): Promise<void> {
    const first: Promise<void>[] = [];
    for (const [name, intervalMs] of intervalsOf(upstreams)) {
      if (this.#names.has(name)) continue;
      const tracked: Tracked = {
        name,
        intervalMs,
        addresses: null,
        problem: null,
        goneSince: null,
        isCut: false,
        timer: undefined,
      };
      this.#names.set(name, tracked);
      first.push(this.#resolve(tracked));
    }
    if (first.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, firstAnswerMs);
    });
    await Promise.race([Promise.all(first), late]);
    clearTimeout(timer);
  }

  /** Forgets all other names, and asks for these as often as they say. */
  keep(upstreams: readonly UpstreamConfig[]): void {
    const intervals = intervalsOf(upstreams);
    for (const tracked of this.#names.values()) {
      const intervalMs = intervals.get(tracked.name);
      if (intervalMs === undefined) {
        clearTimeout(tracked.timer);
        this.#names.delete(tracked.name);
        this.#options.onChange([tracked.name, []]);
      } else if (intervalMs !== tracked.intervalMs) {
        tracked.intervalMs = intervalMs;
        // Not while an answer is awaited, which sets the next time by itself.
        if (tracked.timer !== undefined) this.#askAfter(tracked, intervalMs ?? ttlBoundsMs.least);
      }
    }
  }

  close(): void {
    for (const { timer } of this.#names.values()) clearTimeout(timer);
    this.#names.clear();
  }

  async #resolve(tracked: Tracked): Promise<void> {
    tracked.timer = undefined;
    const answer = await this.#options.ask(tracked.name);
    if (this.#names.get(tracked.name) !== tracked) return;
    const before = tracked.addresses ?? [];
    const isNone = answer.addresses.length === 0 && answer.failed === null;
    const found = nextAddresses(before, answer, usableFamilies());
    if (isNone) tracked.goneSince ??= Date.now();
    else tracked.goneSince = null;
    const isHeld = tracked.goneSince !== null && Date.now() - tracked.goneSince < goneMs;
    this.#set(tracked, isHeld ? before : found);
    this.#note(
      tracked,
      isNone ? 'there is no such name, or it has no address' : (answer.failed?.reason ?? null),
    );
    this.#noteCut(tracked, answer.addresses.length);
    this.#askAfter(tracked, nextAskMs(tracked, answer.ttlMs));
  }

  #askAfter(tracked: Tracked, delayMs: number): void {
    clearTimeout(tracked.timer);
    tracked.timer = setTimeout(() => void this.#resolve(tracked), delayMs);
    tracked.timer.unref();
  }

  #set(tracked: Tracked, addresses: readonly string[]): void {
    const { log, onChange } = this.#options;
    const isFirst = tracked.addresses === null;
    const before = new Set(tracked.addresses);
    const after = new Set(addresses);
    const added = [...after.difference(before)];
    const removed = [...before.difference(after)];
    tracked.addresses = addresses;
    if (added.length > 0 || removed.length > 0)
      log.info({ name: tracked.name, added, removed }, 'the addresses of a backend name changed');
    if (isFirst || added.length > 0 || removed.length > 0) onChange([tracked.name, addresses]);
  }

  /** One line when it begins to fail, or fails in another way, and one when it works again. */
  #note(tracked: Tracked, problem: string | null): void {
    if (problem === tracked.problem) return;
    const { name, addresses } = tracked;
    tracked.problem = problem;
    if (problem === null) this.#options.log.info({ name }, 'a backend name can be resolved again');
    else this.#options.log.warn({ name, problem, addresses }, 'a backend name cannot be resolved');
  }

  #noteCut(tracked: Tracked, count: number): void {
    const isCut = count > MOST_ADDRESSES;
    if (isCut && !tracked.isCut)
      this.#options.log.warn(
        { name: tracked.name, addresses: count, used: MOST_ADDRESSES },
        'a backend name has more addresses than are used',
      );
    tracked.isCut = isCut;
  }
}

function nextAskMs({ intervalMs, problem }: Tracked, ttlMs: number | null): number {
  const usualMs = intervalMs ?? Math.min(Math.max(ttlMs ?? noTtlMs, ttlBoundsMs.least), ttlBoundsMs.most);
  return problem === null ? usualMs : Math.min(usualMs, retryMs);
}

/** Name → the shortest interval that an upstream with it asks for; null: none asks for one. */
function intervalsOf(upstreams: readonly UpstreamConfig[]): Map<string, number | null> {
  const intervals = new Map<string, number | null>();
  for (const { backends, resolveIntervalMs } of upstreams) {
    for (const { address } of backends) {
      const name = hostNameOf(address);
      if (name === null) continue;
      const other = intervals.get(name) ?? null;
      intervals.set(
        name,
        other === null || resolveIntervalMs === null
          ? (resolveIntervalMs ?? other)
          : Math.min(other, resolveIntervalMs),
      );
    }
  }
  return intervals;
}
