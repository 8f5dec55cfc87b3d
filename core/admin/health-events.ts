import { z } from 'zod';

/** One line of the health log. */
export const healthEvent = z.looseObject({
  /** ISO 8601. */
  time: z.string(),
  upstream: z.string(),
  backend: z.string(),
  /** The type of the check. */
  check: z.string(),
  /** `up`, `down`, `ready`, `drain` or `maintenance`: what the backend became; null: a check that changed nothing. */
  event: z.string().nullable(),
  reason: z.string(),
});
export type HealthEventRow = Readonly<z.infer<typeof healthEvent>>;

/** The answer to `GET /backends/health?upstream=NAME&since=MS`. */
export const healthEvents = z.object({
  /** The oldest first. */
  events: z.array(healthEvent).readonly(),
  /** How many more there were before them. */
  left: z.number().nonnegative(),
});
export type HealthEvents = Readonly<z.infer<typeof healthEvents>>;
