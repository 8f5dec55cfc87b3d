import type { z } from 'zod';
import { definePlugin, type BodyHook, type PluginConnection, type PluginExchange } from '../../api.ts';
import { object, size } from '../fields.ts';
import { ByteBucket } from './byte-bucket.ts';
import { Pacer } from './pacer.ts';

const rates = object({
  /** Bytes a second to the client, and from it. */
  send: size(1024).optional(),
  receive: size(1024).optional(),
});

const options = object({
  perConnection: rates.optional(),
  total: rates.optional(),
  burst: size(1024).default(64 * 1024),
}).refine(
  ({ perConnection, total }) =>
    [perConnection?.send, perConnection?.receive, total?.send, total?.receive].some(
      (rate) => rate !== undefined,
    ),
  { error: 'expected a rate: `perConnection` or `total`, with `send`, `receive` or both' },
);

export type BandwidthLimitOptions = z.input<typeof options>;

/**
 * So many bytes of bodies a second, for each connection and for all of the listener together.
 *
 *     bandwidthLimit({ perConnection: { send: '1MiB' }, total: { send: '50MiB' } })
 */
export default definePlugin({
  name: 'bandwidth-limit',
  options,
  create: ({ perConnection, total, burst }, { siblings }) => {
    const share = (): number => 1 / siblings.workers;
    const direction = (own: number | undefined, common: number | undefined) =>
      own === undefined && common === undefined ? null : new Direction(own, common, burst, share);
    const send = direction(perConnection?.send, total?.send);
    const receive = direction(perConnection?.receive, total?.receive);
    return {
      ...(receive === null ? {} : { requestBody: (exchange: PluginExchange) => receive.hook(exchange) }),
      ...(send === null ? {} : { responseBody: (exchange: PluginExchange) => send.hook(exchange) }),
      status: () => ({ waiting: (send?.waiting ?? 0) + (receive?.waiting ?? 0) }),
      close() {
        send?.close();
        receive?.close();
      },
    };
  },
});

class Direction {
  readonly #own: number | undefined;
  readonly #burst: number;
  readonly #pacer: Pacer;
  readonly #connections = new WeakMap<PluginConnection, ByteBucket>();

  constructor(own: number | undefined, common: number | undefined, burst: number, share: () => number) {
    this.#own = own;
    this.#burst = burst;
    const bucket = common === undefined ? null : new ByteBucket(common, burst, performance.now());
    this.#pacer = new Pacer(bucket, share);
  }

  get waiting(): number {
    return this.#pacer.waiting;
  }

  hook({ connection }: PluginExchange): BodyHook {
    const body = this.#pacer.body(this.#bucketOf(connection));
    return {
      transform: { data: (piece, push) => body.pass(piece, push), close: () => body.close() },
      length: 'same',
    };
  }

  close(): void {
    this.#pacer.close();
  }

  /** One for all exchanges of a connection, those of HTTP/2 at a time too. */
  #bucketOf(connection: PluginConnection): ByteBucket | null {
    if (this.#own === undefined) return null;
    const known = this.#connections.get(connection);
    if (known !== undefined) return known;
    const bucket = new ByteBucket(this.#own, this.#burst, performance.now());
    this.#connections.set(connection, bucket);
    return bucket;
  }
}
