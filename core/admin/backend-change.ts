import { z } from 'zod';

import * as field from '../config/fields.ts';

const upstream = field.name;
/** As `tidegate backends list` shows it. */
const backend = field.text('the address of a backend');
const weight = field.integer(0, 65_535);

/** What `POST /backends` takes: what is to be different from the config file, until it is reset. */
export const backendChange = z.discriminatedUnion(
  'action',
  [
    field.object({ action: z.enum(['drain', 'ready', 'maintenance']), upstream, backend }),
    field.object({ action: z.literal('weight'), upstream, backend, weight }),
    field.object({
      action: z.literal('add'),
      upstream,
      backend: field.connectAddress(),
      weight: weight.optional(),
      priority: field.integer(0, 1000).optional(),
      backup: field.flag.prefault(false),
    }),
    field.object({ action: z.literal('remove'), upstream, backend }),
    /** Without a backend: all of the upstream. */
    field.object({ action: z.literal('reset'), upstream, backend: backend.optional() }),
  ],
  {
    error: ({ input }) =>
      typeof input === 'object' && input !== null
        ? 'expected one of "drain", "ready", "maintenance", "weight", "add", "remove", "reset" as `action`'
        : 'expected an object with `action` and `upstream`',
  },
);
export type BackendChange = z.output<typeof backendChange>;
export type BackendChangeInput = z.input<typeof backendChange>;

/** What became of it. */
export const backendChangeReport = z.object({
  ok: z.boolean(),
  /** Why it was refused; empty when it was not. */
  problems: z.array(z.string()).readonly(),
  warnings: z.array(z.string()).readonly(),
  /** What is different now, one text each; empty where it was so before. */
  changes: z.array(z.string()).readonly(),
  /** Workers that live, and how many of them have said that they go by it. */
  workers: z.object({ asked: z.number(), answered: z.number() }),
});
export type BackendChangeReport = Readonly<z.infer<typeof backendChangeReport>>;
