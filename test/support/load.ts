import { Agent, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';

import { onTestFinished } from 'vitest';

export interface LoadResult {
  readonly answered: number;
  /** Messages of what went wrong, statuses other than 200 included. */
  readonly failures: readonly string[];
}

export interface LoadOptions {
  readonly method?: 'GET' | 'POST';
  /** Default: true. Without, each request has a connection of its own. */
  readonly keepAlive?: boolean;
  /** PEM, for an https URL. */
  readonly ca?: string;
}

export interface Load {
  readonly stop: () => Promise<LoadResult>;
  readonly answered: () => number;
}

/** Requests one after the other on each of `connections` kept-alive connections, until `stop`. */
export function startLoad(url: string, connections: number, options: LoadOptions = {}): Load {
  const { method = 'GET', keepAlive = true, ca } = options;
  const settings = { keepAlive, maxSockets: connections };
  const [agent, send] =
    ca === undefined ? [new Agent(settings), httpRequest] : [new TlsAgent({ ...settings, ca }), httpsRequest];
  let answered = 0;
  const failures: string[] = [];
  const stopped = new AbortController();
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      const request = send(url, { agent, method }, (response) => {
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
      request.end(method === 'POST' ? 'body' : undefined);
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
