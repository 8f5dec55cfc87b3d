import { z } from 'zod';

/** What both load generators print: one JSON line. */
export const loadResult = z.object({
  requests: z.number(),
  seconds: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  /** Connections that failed, broke or timed out. */
  socketErrors: z.number(),
  /** Answers with a status of 400 or more. */
  errorAnswers: z.number(),
});
export type LoadResult = z.infer<typeof loadResult>;

/** Finds the JSON line in a generator's output. @throws Error with that output when there is none. */
export function parseLoadOutput(output: string): LoadResult {
  const line = output.split('\n').find((candidate) => candidate.startsWith('{'));
  if (line === undefined) throw new Error(`the load generator printed no result:\n${output}`);
  return loadResult.parse(JSON.parse(line));
}
