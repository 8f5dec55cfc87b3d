import { z } from 'zod';
import type { StoredHead } from '../stored-answer.ts';

const whole = z.int().min(0);
const ms = z.number().min(0);
const fields = z.array(z.tuple([z.string(), z.string()]));

/** A file may be anybody's: what it says has to have the shape of a head. */
const storedHead: z.ZodType<StoredHead> = z.object({
  key: z.string(),
  variant: z.string(),
  vary: z.array(z.string()),
  id: z.string(),
  status: z.int().min(200).max(599),
  fields,
  length: whole,
  tags: z.array(z.string()),
  freshness: z.object({
    bornAt: z.number(),
    lifetimeMs: ms,
    staleWhileRevalidateMs: ms,
    staleIfErrorMs: ms,
  }),
  origin: z
    .object({ upstream: z.string(), target: z.string(), host: z.string(), headers: fields })
    .nullable(),
});

/** null: it is none. */
export function parseHead(json: string): StoredHead | null {
  try {
    return storedHead.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
