import { z } from 'zod';

const count = z.number().nonnegative();

const pluginInWorker = z.object({
  pid: count,
  /** When the instance came about, in epoch milliseconds. */
  since: count,
  /** By hook; those that were never called are left out. */
  calls: z.record(z.string(), count),
  faults: z.record(z.string(), count),
  lastFault: z.string().nullable(),
  /** Broken off for a while. */
  isResting: z.boolean(),
  /** What the plugin says of itself. */
  status: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
});

const pluginRow = z.object({
  /** The same in all workers, for as long as its code, options and place stay. */
  id: z.string(),
  name: z.string(),
  /** As the config names it. */
  use: z.string(),
  /** null: built in. */
  file: z.string().nullable(),
  /** Of its code; null: that of Tidegate. */
  version: z.string().nullable(),
  /** `listener web`, `route web 2`, `upstream api`. */
  attachedTo: z.string(),
  workers: z.array(pluginInWorker).readonly(),
});
export type PluginRow = Readonly<z.infer<typeof pluginRow>>;

/** The answer to `GET /plugins`: the instances in the order of the config, older ones that still serve behind them. */
export const pluginsReport = z.object({ plugins: z.array(pluginRow).readonly() });
export type PluginsReport = Readonly<z.infer<typeof pluginsReport>>;
