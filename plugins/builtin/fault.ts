import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { definePlugin, textAnswer, type PluginExchange } from '../api.ts';
import { conditions, findIn } from './conditions.ts';
import { duration, fieldName, object, percent, text, wants } from './fields.ts';

const wantsStatus = wants('a status from 200 to 599, or "reset"');

const options = object({
  ...conditions,
  /** For requests with this field only; without `value`, with any. */
  header: object({ name: fieldName(), value: text('a value').optional() }).optional(),
  /** Requests wait before they go on. */
  delay: object({
    percent: percent.default(100),
    /** How long; with `upTo`, at least. */
    duration: duration(0),
    /** At most: a time in between is drawn for each request. */
    upTo: duration(0).optional(),
  })
    .refine(({ duration: least, upTo }) => upTo === undefined || upTo >= least, {
      path: ['upTo'],
      error: 'expected no less than `duration`',
    })
    .optional(),
  /** Requests get this answer, and no backend sees them; after their delay, where there is one. */
  abort: object({
    percent: percent.default(100),
    /** A status, or `"reset"`: the connection ends without an answer. */
    status: z
      .union([z.int(), z.literal('reset')], { error: wantsStatus })
      .refine((status) => status === 'reset' || (status >= 200 && status <= 599), { error: wantsStatus }),
  }).optional(),
});
export type FaultOptions = z.input<typeof options>;
type Options = z.output<typeof options>;

/** Makes trouble, to see what becomes of it: delays and failures. */
export default definePlugin({
  name: 'fault',
  options,
  create(given) {
    let delayed = 0;
    let aborted = 0;
    return {
      async request(exchange) {
        if (findIn(given, exchange) === null || !hasHeader(given, exchange)) return undefined;
        const { delay, abort } = given;
        if (delay !== undefined && isDrawn(delay.percent)) {
          delayed++;
          if (!(await waited(durationOf(delay), exchange.signal))) return undefined;
        }
        if (abort === undefined || !isDrawn(abort.percent)) return undefined;
        aborted++;
        exchange.setLogField('fault', String(abort.status));
        if (abort.status !== 'reset') return textAnswer(abort.status, 'A fault was asked for.\n');
        exchange.abort();
        return undefined;
      },
      status: () => ({ delayed, aborted }),
    };
  },
});

function hasHeader({ header }: Options, { request }: PluginExchange): boolean {
  if (header === undefined) return true;
  const sent = request.headers.get(header.name);
  return sent !== null && (header.value === undefined || sent === header.value);
}

function isDrawn(share: number): boolean {
  return Math.random() * 100 < share;
}

function durationOf({ duration: least, upTo = least }: NonNullable<Options['delay']>): number {
  return least + Math.random() * (upTo - least);
}

/** false: the client has gone meanwhile. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
