import { inTurns } from '../../api.ts';
import { FifoQueue } from './fifo-queue.ts';
import type { FieldReader } from './field-copy.ts';
import { MemoryEntry } from './memory-entry.ts';
import { isSelected, isWholeUrl, urlOfKey } from './selected.ts';
import { shortKey } from './short-key.ts';
import type { Selection, StoredHead } from './stored-answer.ts';
import { variantOf } from './variants.ts';

export interface MemoryLimits {
  readonly size: number;
  readonly entries: number;
  /** Of one body. */
  readonly largest: number;
  /** Entries of one key. */
  readonly variants: number;
}

/** What newcomers may hold before they have proved their use. */
const SHARE_OF_NEW = 0.1;
const MOST_USES = 3;
/** How many may be given another round at once: a request does not wait for more. */
const MOST_ROUNDS = 100;

/**
 * A worker's own answers, bounded in bytes and number. Who goes is found as S3-FIFO does (Yang et al., SOSP 2023): newcomers wait in
 * a short queue, and only those that are asked for again there pass into the long one, in which use buys another round. So a
 * scan of many URLs, each asked for once, pushes out none of those that are in use; and a hit only counts up a number.
 */
export class MemoryTier {
  readonly #limits: MemoryLimits;
  readonly #byKey = new Map<string, MemoryEntry[]>();
  /** The keys that are more than a URL. */
  readonly #keysOfUrl = new Map<string, Set<string>>();
  readonly #new = new FifoQueue<MemoryEntry>();
  readonly #proved = new FifoQueue<MemoryEntry>();
  /** Who was a newcomer and went lately: the second time it is in use. Two halves, of which the older one is emptied. */
  #gone: [Set<string>, Set<string>] = [new Set(), new Set()];
  /** Bodies on their way in. */
  #arrivingBytes = 0;
  evicted = 0;

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#new.size + this.#proved.size;
  }

  get bytes(): number {
    return this.#new.bytes + this.#proved.bytes;
  }

  /** Whether a body of so many bytes could be kept. */
  fits(bytes: number): boolean {
    return bytes <= this.#limits.largest;
  }

  /** Room for bytes of bodies that are on their way: of those no more is held than half of the size. */
  reserve(bytes: number): boolean {
    if (this.#arrivingBytes + bytes > this.#limits.size / 2) return false;
    this.#arrivingBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#arrivingBytes -= bytes;
  }

  /** The entry that fits these request fields; of several the youngest (RFC 9111 4.1). */
  find(key: string, headers: FieldReader): MemoryEntry | null {
    const entries = this.#byKey.get(key);
    if (entries === undefined) return null;
    let vary: readonly string[] | null = null;
    let variant = '';
    for (const entry of entries) {
      if (vary === null || !isSame(vary, entry.head.vary)) {
        ({ vary } = entry.head);
        variant = variantOf(vary, headers);
      }
      if (entry.head.variant !== variant) continue;
      if (entry.uses < MOST_USES) entry.uses += 1;
      return entry;
    }
    return null;
  }

  /** What Vary of the youngest answer for this key names; null: there is none. */
  varyOf(key: string): readonly string[] | null {
    return this.#byKey.get(key)?.[0]?.head.vary ?? null;
  }

  add(head: StoredHead, body: Buffer): MemoryEntry | null {
    const entry = new MemoryEntry(head, body);
    const before = this.removeVariant(head);
    if (!this.fits(body.length) || entry.bytes > this.#limits.size) return null;
    const { key } = entry.head;
    const entries = this.#byKey.get(key);
    if (entries === undefined) this.#index(key, entry);
    else {
      entries.unshift(entry);
      const oldest = entries.length > this.#limits.variants ? entries.at(-1) : undefined;
      if (oldest !== undefined) this.remove(oldest);
    }
    const wasGone = this.#gone.some((half) => half.delete(shortKey(head.key)));
    entry.isProved = wasGone || before?.isProved === true;
    (entry.isProved ? this.#proved : this.#new).push(entry);
    this.#makeRoom();
    return entry;
  }

  #makeRoom(): void {
    for (let rounds = 0; this.bytes > this.#limits.size || this.size > this.#limits.entries; rounds++)
      this.#evict(rounds < MOST_ROUNDS);
  }

  #index(key: string, entry: MemoryEntry): void {
    this.#byKey.set(key, [entry]);
    if (isWholeUrl(key)) return;
    const url = urlOfKey(key);
    const keys = this.#keysOfUrl.get(url);
    if (keys === undefined) this.#keysOfUrl.set(url, new Set([key]));
    else keys.add(key);
  }

  #unindex(key: string): void {
    this.#byKey.delete(key);
    const url = urlOfKey(key);
    const keys = this.#keysOfUrl.get(url);
    if (keys?.delete(key) === true && keys.size === 0) this.#keysOfUrl.delete(url);
  }

  /** The head of an entry after the backend has said that its body is unchanged. */
  update(entry: MemoryEntry, head: StoredHead): void {
    const before = entry.bytes;
    entry.head = head;
    if (this.#byKey.get(entry.head.key)?.includes(entry) !== true) return;
    // What a 304 adds counts, too.
    (entry.isProved ? this.#proved : this.#new).bytes += entry.bytes - before;
    this.#makeRoom();
  }

  removeVariant({ key, variant }: StoredHead): MemoryEntry | null {
    const found = this.#byKey.get(key)?.find((entry) => entry.head.variant === variant) ?? null;
    if (found !== null) this.remove(found);
    return found;
  }

  remove(entry: MemoryEntry): void {
    const { key } = entry.head;
    const entries = this.#byKey.get(key);
    const at = entries?.indexOf(entry) ?? -1;
    if (entries === undefined || at === -1) return;
    entries.splice(at, 1);
    if (entries.length === 0) this.#unindex(key);
    (entry.isProved ? this.#proved : this.#new).remove(entry);
  }

  /** @returns how many went; those of a key or a URL at once, the others when the event loop has had its turns */
  removeAll(selection: Selection): number | Promise<number> {
    const keys = this.#keysOf(selection);
    if (keys === null) return inTurns(this.#scan(selection));
    const entries = keys.flatMap((key) => this.#byKey.get(key) ?? []);
    for (const entry of entries) this.remove(entry);
    return entries.length;
  }

  /** null: all have to be looked at. */
  #keysOf(selection: Selection): readonly string[] | null {
    if ('key' in selection) return [selection.key];
    if (!('prefix' in selection) || !isWholeUrl(selection.prefix)) return null;
    return [selection.prefix, ...(this.#keysOfUrl.get(selection.prefix) ?? [])];
  }

  *#scan(selection: Selection): Generator<undefined, number> {
    let removed = 0;
    // What is added meanwhile was asked for after the purge.
    for (const [i, entries] of [...this.#byKey.values()].entries()) {
      for (const entry of entries.filter(({ head }) => isSelected(head, selection))) {
        this.remove(entry);
        removed += 1;
      }
      if (i % 64 === 63) yield;
    }
    return removed;
  }

  /** Lets one go, or gives it another round if it has earned that and `mayStay`. */
  #evict(mayStay: boolean): void {
    const { size, entries } = this.#limits;
    const isNewFull = this.#new.bytes > size * SHARE_OF_NEW || this.#new.size > entries * SHARE_OF_NEW;
    const entry = isNewFull || this.#proved.first === null ? this.#new.first : this.#proved.first;
    if (entry === null) return;
    if (entry.uses === 0 || !mayStay) {
      this.remove(entry);
      this.evicted += 1;
      if (!entry.isProved) this.#remember(entry.head.key);
      return;
    }
    (entry.isProved ? this.#proved : this.#new).remove(entry);
    entry.uses = entry.isProved ? entry.uses - 1 : 0;
    entry.isProved = true;
    this.#proved.push(entry);
  }

  #remember(key: string): void {
    const [younger] = this.#gone;
    younger.add(shortKey(key));
    // As many as could be there.
    if (younger.size > Math.max(16, this.#proved.size / 2)) this.#gone = [new Set(), younger];
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]));
}
