import type { PluginSubresponse } from '../../api.ts';
import { Arrival } from './arrival.ts';
import type { CacheParts } from './cache-parts.ts';
import { FieldCopy } from './field-copy.ts';
import { headOf } from './head-of-answer.ts';
import type { MemoryEntry } from './memory-entry.ts';
import { conditionsFor, freshened } from './revalidate.ts';
import { decideStoring } from './storing.ts';
import type { StoredHead, StoredOrigin } from './stored-answer.ts';

/** How long a backend that failed is left alone about the same answer. */
export const REST_MS = 1000;

/** Asks for stale answers in the background, so many at a time (RFC 5861 3). */
export class Refreshes {
  readonly #parts: CacheParts;
  #running = 0;

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  begin(entry: MemoryEntry, now: number): void {
    const { origin } = entry.head;
    if (origin === null || entry.isRefreshing || entry.restUntil > now) return;
    if (this.#running >= this.#parts.options.refreshes) return;
    this.#running += 1;
    entry.isRefreshing = true;
    void this.#refresh(entry, origin)
      // It can not be reached, or breaks off: served as it is for a moment, and then tried again.
      .catch(() => this.#rest(entry))
      .finally(() => {
        this.#running -= 1;
        entry.isRefreshing = false;
      });
  }

  #rest(entry: MemoryEntry): void {
    entry.restUntil = Date.now() + REST_MS;
  }

  async #refresh(entry: MemoryEntry, origin: StoredOrigin): Promise<void> {
    const { store, context } = this.#parts;
    const { mark } = store.purges;
    const requestedAt = Date.now();
    const answer = await context.request({
      upstream: origin.upstream,
      target: origin.target,
      host: origin.host,
      headers: { ...grouped(origin), ...conditionsFor(entry.head) },
      signal: context.signal,
    });
    if (answer.status >= 500) {
      await leave(answer);
      this.#rest(entry);
    } else if (answer.status === 304) {
      await leave(answer);
      this.#unchanged(entry, origin, answer, requestedAt, mark);
    } else await this.#changed(entry, origin, answer, requestedAt, mark);
  }

  #unchanged(
    entry: MemoryEntry,
    origin: StoredOrigin,
    { headers }: PluginSubresponse,
    requestedAt: number,
    mark: number,
  ): void {
    const { store } = this.#parts;
    const found = { head: entry.head, memory: entry };
    const request = askedBy(origin);
    const times = { requestedAt, receivedAt: Date.now() };
    const head = freshened({ stored: entry.head, request, fields: headers, ...times, origin }, this.#parts);
    if (head === null) store.drop(found);
    else if (!store.purges.hasSince(mark, head)) store.update(found, head);
  }

  async #changed(
    entry: MemoryEntry,
    origin: StoredOrigin,
    answer: PluginSubresponse,
    requestedAt: number,
    mark: number,
  ): Promise<void> {
    const { store, options } = this.#parts;
    const { status, headers, body } = answer;
    const request = askedBy(origin);
    const receivedAt = Date.now();
    const storing = decideStoring({ request, status, headers, requestedAt, receivedAt }, options);
    if (storing.kind === 'refuse') {
      await leave(answer);
      // The next one who wants it asks for himself.
      store.memory.update(entry, { ...entry.head, origin: null });
      return;
    }
    const { key } = entry.head;
    const { freshness, vary } = storing;
    const made = headOf(
      {
        key,
        received: request,
        status,
        fields: [...headers],
        freshness,
        vary,
        receivedAt,
        origin,
        length: -1,
      },
      this.#parts,
    );
    const isSameVariant = vary.join() === entry.head.vary.join();
    const head: StoredHead = isSameVariant ? { ...made, variant: entry.head.variant } : made;
    const arrival = new Arrival(store, head, mark);
    try {
      for await (const piece of body) {
        await arrival.write(piece);
        if (!arrival.isKept) break;
      }
      if (!isSameVariant) store.memory.removeVariant(entry.head);
      if (!(await arrival.finish())) store.memory.update(entry, { ...entry.head, origin: null });
    } finally {
      arrival.abandon();
    }
  }
}

async function leave({ body }: PluginSubresponse): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}

/** What counts of it where it is decided what is kept: no password or cookie in it is a client's. */
function askedBy({ headers }: StoredOrigin): FieldCopy {
  return new FieldCopy(headers.filter(([name]) => !/^(?:authorization|cookie)$/i.test(name)));
}

function grouped({ headers }: StoredOrigin): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const before = values.get(name);
    if (before === undefined) values.set(name, [value]);
    else before.push(value);
  }
  return Object.fromEntries(values);
}
