import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { healthEvent } from '../../admin/health-events.ts';
import type { HealthEventRow, HealthEvents } from '../../admin/health-events.ts';
import { healthLogFiles } from './health-log.ts';

/** No answer holds more: the last ones count. */
const MOST_EVENTS = 10_000;

/**
 * The lines about an upstream that are not older than `since` (epoch milliseconds), the oldest first;
 * `left`: how many more there were before them.
 */
export async function readHealthLog(folder: string, upstream: string, since: number): Promise<HealthEvents> {
  const from = new Date(since).toISOString();
  const events: HealthEventRow[] = [];
  let left = 0;
  for (const { file, day } of healthLogFiles(folder)) {
    if (day < from.slice(0, 10)) continue;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const parsed = healthEvent.safeParse(parseJson(text));
      if (!parsed.success || parsed.data.upstream !== upstream || parsed.data.time < from) continue;
      events.push(parsed.data);
      if (events.length > 2 * MOST_EVENTS) left += events.splice(0, MOST_EVENTS).length;
    }
  }
  left += events.splice(0, Math.max(0, events.length - MOST_EVENTS)).length;
  return { events, left };
}

/** A line may be cut off where the disk was full. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
