import { z } from 'zod';

const counts = z.object({ bytes: z.number(), entries: z.number() });

/** What the thread that goes through all files is to do. */
export const diskTask = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sweep'),
    folder: z.string(),
    /** More than this is too much. */
    most: counts,
    /** What is left where there is too much. */
    target: counts,
    /** Ids of the members that work: what others have left unfinished goes. */
    live: z.array(z.string()),
  }),
  z.object({
    kind: z.literal('remove'),
    folder: z.string(),
    selections: z.array(
      z.union([
        z.object({ key: z.string() }),
        z.object({ prefix: z.string() }),
        z.object({ tag: z.string() }),
      ]),
    ),
  }),
]);
export type DiskTask = z.infer<typeof diskTask>;
export type SweepTask = Extract<DiskTask, { kind: 'sweep' }>;
export type RemoveTask = Extract<DiskTask, { kind: 'remove' }>;

/** What is there after a sweep. */
export const swept = counts;
/** How many went, for each selection. */
export const removed = z.array(z.number());
