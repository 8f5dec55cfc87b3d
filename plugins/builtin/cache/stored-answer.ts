import type { BodyStream } from '../../api.ts';

/**
 * What the cache keeps of an answer, but for its body: plain JSON, so that it is the same in memory, on disk and between
 * workers. Times are ms of the wall clock, as a file outlives the process.
 */
export interface StoredHead {
  /**
   * What request it answers: `https://host/target`, a line feed, and what else the options' `key` takes of the request. The
   * part before the line feed holds none, so a prefix that ends in one names all entries of a URL.
   */
  readonly key: string;
  /** Which of the key's answers it is: the request's fields that `vary` names, encoded so that no two are alike; empty for none. Key and variant together name an entry. */
  readonly variant: string;
  /** Lower case, sorted, each once. */
  readonly vary: readonly string[];
  /** Random, for this body: an update keeps it, another body has another. */
  readonly id: string;
  readonly status: number;
  /** As the answer came, without the fields of the connection. */
  readonly fields: readonly StoredField[];
  /** Of the body. */
  readonly length: number;
  readonly tags: readonly string[];
  readonly freshness: StoredFreshness;
  /** How to ask for it again in the background; null: only a client's own request may. */
  readonly origin: StoredOrigin | null;
}

export type StoredField = readonly [name: string, value: string];

export interface StoredFreshness {
  /** When its age was 0: before it came, where caches on the way have held it (RFC 9111 4.2.3). */
  readonly bornAt: number;
  /** Fresh until this age. */
  readonly lifetimeMs: number;
  /** How long after that it may be served while it is asked for again (RFC 5861 3); 0: not at all. */
  readonly staleWhileRevalidateMs: number;
  /** How long after it is stale it may be served for a failure (RFC 5861 4); 0: not at all. */
  readonly staleIfErrorMs: number;
}

/** A request as it went to a backend, without what was the client's own. */
export interface StoredOrigin {
  readonly upstream: string;
  readonly target: string;
  readonly host: string;
  readonly headers: readonly StoredField[];
}

/** Which entries go. `prefix`: of the key. */
export type Selection = { readonly key: string } | { readonly prefix: string } | { readonly tag: string };

/** Bytes from `start` up to `end`, which is not part of it. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** A body on its way into a tier. `finish` makes it visible, whole or not at all; `abandon` leaves nothing. Neither throws or rejects. */
export interface TierWriter {
  /** Keeps a copy of what it does not write at once. A promise: no more until it is settled. */
  write(piece: Uint8Array): void | Promise<void>;
  finish(): Promise<void>;
  abandon(): void;
}

/** What lies under the memory of a worker, for all workers of the machine. Nothing here rejects: what fails is a miss. */
export interface LowerTier {
  /** All variants of the key; empty for none. */
  find(key: string): Promise<readonly StoredHead[]>;
  /** null: it has gone, or is not whole. Whoever has the stream reads it to its end, calls `return`, or aborts `signal`: it holds a file. */
  read(head: StoredHead, span?: ByteSpan, signal?: AbortSignal): Promise<BodyStream | null>;
  /** `head.length` is what the body will have where that is known, or -1; null: not now (too much is under way). */
  writer(head: StoredHead): TierWriter | null;
  /** The head of the body with the same id changes. */
  update(head: StoredHead): Promise<void>;
  /** Says that an entry is used that is not read from here, so that it stays. To be called once a minute at most for each. */
  touch(head: StoredHead): Promise<void>;
  /** Gives up what this worker is writing of these: for a purge that another one does. */
  forget(selection: Selection): void;
  /** How many went; settled when all are gone. What this worker is writing of them is given up, too. */
  remove(selection: Selection): Promise<number>;
  status(): Readonly<Record<string, string | number | boolean>>;
  close(): Promise<void>;
}
