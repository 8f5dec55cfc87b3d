import type { z } from 'zod';

/** null: there is none, or it is not what it should be, and whoever asks does without. */
export function readJson<Schema extends z.ZodType>(
  schema: Schema,
  file: Buffer | string | null,
): z.output<Schema> | null {
  if (file === null) return null;
  try {
    return schema.safeParse(JSON.parse(file.toString())).data ?? null;
  } catch {
    return null;
  }
}
