import { LinkedList } from '../shared/linked-list.ts';

/** What the table knows of a session, and alone writes. */
export class TableEntry<Self> {
  /** Client and the address that it sent to. Changes in no table. */
  key: string;
  /** By which `sessionsPerClient` counts. */
  readonly clientAddress: string;
  /** When the last datagram of either way came, on the clock of performance.now(). */
  activeMs: number;
  /** The client has sent again after an answer: it has that address, most likely. */
  isEstablished = false;
  previous: Self | null = null;
  next: Self | null = null;
  /** Whether it is in the table. */
  isIn = false;

  constructor(key: string, clientAddress: string, nowMs: number) {
    this.key = key;
    this.clientAddress = clientAddress;
    this.activeMs = nowMs;
  }
}

/** This worker's share. */
export interface TableLimits {
  readonly sessions: number;
  /** null: any number. */
  readonly sessionsPerClient: number | null;
}

/** What is to be done before a session of a new client is added: `evict` another one, or `refuse` it for its client's number of sessions. */
export type Admission<E> =
  | { readonly kind: 'free' }
  | { readonly kind: 'evict'; readonly entry: E }
  | { readonly kind: 'refuse'; readonly reason: 'sessions-per-client' };

/**
 * The sessions of a listener in one worker, as many as `limits` say. Where there is no place left, the one that has been idle for the
 * longest goes, of those that are not established as long as there is one of them: as with the connection tracking of Linux, whose
 * `assured` entries a flood does not displace. Its owner ends what it is told to evict.
 */
export class UdpSessionTable<E extends TableEntry<E>> {
  limits: TableLimits;
  readonly #byKey = new Map<string, E>();
  readonly #perClient = new Map<string, number>();
  readonly #fresh = new LinkedList<E>();
  readonly #established = new LinkedList<E>();

  constructor(limits: TableLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.#fresh.size + this.#established.size;
  }

  get unestablished(): number {
    return this.#fresh.size;
  }

  find(key: string): E | undefined {
    return this.#byKey.get(key);
  }

  admit(clientAddress: string): Admission<E> {
    if (this.isFullFor(clientAddress)) return { kind: 'refuse', reason: 'sessions-per-client' };
    if (this.size < this.limits.sessions) return { kind: 'free' };
    const entry = this.oldest();
    return entry === null ? { kind: 'free' } : { kind: 'evict', entry };
  }

  isFullFor(clientAddress: string): boolean {
    const { sessionsPerClient } = this.limits;
    return sessionsPerClient !== null && (this.#perClient.get(clientAddress) ?? 0) >= sessionsPerClient;
  }

  /** Which is to go first; null: the table is empty. */
  oldest(): E | null {
    return this.#fresh.first ?? this.#established.first;
  }

  /** One that is too many since the limits have changed; null: all have a place. */
  excess(): E | null {
    return this.size > this.limits.sessions ? this.oldest() : null;
  }

  add(entry: E): void {
    entry.isIn = true;
    this.#byKey.set(entry.key, entry);
    this.#listOf(entry).push(entry);
    const { clientAddress } = entry;
    this.#perClient.set(clientAddress, (this.#perClient.get(clientAddress) ?? 0) + 1);
  }

  remove(entry: E): void {
    if (!entry.isIn) return;
    entry.isIn = false;
    this.hide(entry);
    this.#listOf(entry).remove(entry);
    const left = (this.#perClient.get(entry.clientAddress) ?? 1) - 1;
    if (left === 0) this.#perClient.delete(entry.clientAddress);
    else this.#perClient.set(entry.clientAddress, left);
  }

  /** It keeps its place, but its client's next datagram does not find it. */
  hide(entry: E): void {
    if (this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key);
  }

  /** A datagram has come. */
  touch(entry: E, nowMs: number): void {
    entry.activeMs = nowMs;
    const list = this.#listOf(entry);
    list.remove(entry);
    list.push(entry);
  }

  establish(entry: E): void {
    if (entry.isEstablished) return;
    this.#fresh.remove(entry);
    entry.isEstablished = true;
    this.#established.push(entry);
  }

  /** One over which no datagram came since then; null: there is none left. */
  idleSince(ms: number): E | null {
    for (const entry of [this.#fresh.first, this.#established.first])
      if (entry !== null && entry.activeMs <= ms) return entry;
    return null;
  }

  /** In no order. Entries may be removed meanwhile. */
  *entries(): IterableIterator<E> {
    yield* this.#fresh.entries();
    yield* this.#established.entries();
  }

  #listOf(entry: E): LinkedList<E> {
    return entry.isEstablished ? this.#established : this.#fresh;
  }
}
