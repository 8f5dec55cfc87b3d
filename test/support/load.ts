import { Agent, get } from 'node:http';

import { onTestFinished } from 'vitest';

export interface LoadResult {
  readonly answered: number;
  /** Messages of what went wrong, statuses other than 200 included. */
  readonly failures: readonly string[];
}

/** Requests one after the other on each of `connections` kept-alive connections, until `stop`. */
export function startLoad(
  url: string,
  connections: number,
): { stop(): Promise<LoadResult>; answered(): number } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let answered = 0;
  const failures: string[] = [];
  const stopped = new AbortController();
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      const request = get(url, { agent }, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) answered++;
          else failures.push(`status ${response.statusCode}`);
          resolve();
        });
        response.on('error', (error) => {
          failures.push(error.message);
          resolve();
        });
      });
      request.on('error', (error) => {
        failures.push(error.message);
        resolve();
      });
    });
  const loops = Array.from({ length: connections }, async () => {
    while (!stopped.signal.aborted) await once();
  });
  const stop = async (): Promise<LoadResult> => {
    stopped.abort();
    await Promise.all(loops);
    agent.destroy();
    return { answered, failures };
  };
  onTestFinished(async () => {
    await stop();
  });
  return { stop, answered: () => answered };
}
