import { z } from 'zod';
import {
  textAnswer,
  type PluginAnswer,
  type PluginAnsweredExchange,
  type PluginExchange,
} from '../../api.ts';
import { findIn } from '../conditions.ts';
import { isSecret } from '../secret.ts';
import type { CacheParts } from './cache-parts.ts';
import { keyedTarget, LONGEST_KEY, urlOf } from './request-keys.ts';
import type { Selection } from './stored-answer.ts';
import { tagsOf } from './stored-fields.ts';

/** What is to be told to other workers is told together. */
const TELL_EVERY_MS = 5;
/** Of one message, in characters; the most it may have is four times as much. */
const MESSAGE_LENGTH = 16_384;

const message = z.object({
  removed: z.array(
    z.union([
      z.strictObject({ key: z.string() }),
      z.strictObject({ prefix: z.string() }),
      z.strictObject({ tag: z.string() }),
    ]),
  ),
});

/** Takes answers out of the store: for those who may ask for it, and where a request has changed what was stored; in all workers. */
export class Purges {
  readonly #parts: CacheParts;
  /** What a request that may change something has in the store: rules may send it elsewhere. */
  readonly #changing = new WeakMap<PluginExchange, string>();
  #untold: Selection[] = [];
  #untoldLength = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: CacheParts) {
    this.#parts = parts;
    parts.context.siblings.onMessage((received) => {
      const parsed = message.safeParse(received);
      if (parsed.success) for (const selection of parsed.data.removed) this.#forget(selection);
    });
  }

  /** What another worker has removed, from the disk, too. */
  #forget(selection: Selection): void {
    const { store } = this.#parts;
    store.purges.add(selection);
    void store.memory.removeAll(selection);
    store.lower?.forget(selection);
  }

  /** A request that is neither GET nor HEAD. */
  take(exchange: PluginExchange): Promise<PluginAnswer> | PluginAnswer | undefined {
    const { purge, key } = this.#parts.options;
    const { method, scheme, host, target } = exchange.request;
    if (purge !== undefined && method === purge.method)
      return this.#mayPurge(exchange) ? this.#purge(exchange) : textAnswer(403, 'You may not purge here\n');
    if (method === 'OPTIONS' || method === 'TRACE' || findIn(this.#parts.options, exchange) === null)
      return undefined;
    this.#changing.set(exchange, urlOf(scheme, host, keyedTarget(target, key.query)));
    return undefined;
  }

  #mayPurge({ clientAddress, request }: PluginExchange): boolean {
    const { purge } = this.#parts.options;
    if (purge === undefined) return false;
    const { from, header } = purge;
    if (from?.has(clientAddress) === false) return false;
    return header === undefined || isSecret(request.headers.get(header.name), header.value);
  }

  async #purge({ request }: PluginExchange): Promise<PluginAnswer> {
    const { options, sums } = this.#parts;
    const { target, host, headers } = request;
    const tags = tagsOf(headers.get(options.tags.header));
    const selections =
      tags.length > 0
        ? tags.map((tag) => ({ tag }))
        : ['http', 'https'].map((scheme) => this.#selectionOf(scheme, host, target));
    let count = 0;
    for (const selection of selections) count += await this.#remove(selection);
    sums.purged += count;
    return textAnswer(200, `Purged: ${count}\n`);
  }

  /** `/img/*` stands for all that begins with `/img/`. */
  #selectionOf(scheme: string, host: string, target: string): Selection {
    if (target.endsWith('*')) return { prefix: urlOf(scheme, host, target.slice(0, -1)) };
    return this.#ofUrl(urlOf(scheme, host, keyedTarget(target, this.#parts.options.key.query)));
  }

  /** Whatever else is part of its keys. */
  #ofUrl(url: string): Selection {
    return { prefix: `${url}\n` };
  }

  /** RFC 9111 4.4: what was stored is no longer so when an unsafe request has gone well. @returns its URL; null: it is not for this cache */
  afterChange(exchange: PluginAnsweredExchange): string | null {
    const url = this.#changing.get(exchange);
    const { status, headers } = exchange.response;
    if (url === undefined || status >= 400) return url ?? null;
    void this.#remove(this.#ofUrl(url));
    for (const name of ['location', 'content-location']) {
      const other = sameOrigin(headers.get(name), url);
      if (other === null) continue;
      const target = keyedTarget(other.target, this.#parts.options.key.query);
      void this.#remove(this.#ofUrl(other.base + target));
    }
    return url;
  }

  async #remove(selection: Selection): Promise<number> {
    const { store, context } = this.#parts;
    // No key is so long, and no message: a backend may name what it likes.
    if ('prefix' in selection && selection.prefix.length > LONGEST_KEY) return 0;
    // First, so that they have it while the files are looked through.
    if (context.siblings.workers > 1) this.#tell(selection);
    return store.remove(selection);
  }

  #tell(selection: Selection): void {
    this.#untold.push(selection);
    this.#untoldLength += JSON.stringify(selection).length;
    if (this.#untoldLength > MESSAGE_LENGTH) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), TELL_EVERY_MS).unref();
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const removed = this.#untold;
    this.#untold = [];
    this.#untoldLength = 0;
    if (removed.length > 0) this.#parts.context.siblings.send({ removed });
  }

  close(): void {
    this.#send();
  }
}

/** The URL that a field names, as it is in keys; null: it is not of the same origin, and nobody's to say there. */
function sameOrigin(field: string | null, url: string): { target: string; base: string } | null {
  if (field === null || !URL.canParse(field, url)) return null;
  const other = new URL(field, url);
  const [base = ''] = /^https?:\/\/[^/]*/.exec(url) ?? [];
  if (base === '' || other.origin !== new URL(url).origin) return null;
  return { target: other.pathname + other.search, base };
}
