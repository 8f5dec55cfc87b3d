import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';

import { onTestFinished } from 'vitest';

export interface NamedBackend {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly requests: () => number;
}

/** A backend that answers with its own address. */
export async function startNamedBackend(): Promise<NamedBackend> {
  let requests = 0;
  const server: Server = createServer((_, response) => {
    requests += 1;
    response.end(address);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('the backend has no port');
  const address = `127.0.0.1:${bound.port}`;
  return { address, requests: () => requests };
}

/** Who answers so many requests, each over a connection of its own, so that every worker gets some; an answer without 200 as its status. */
export async function answering(url: string, times = 24): Promise<Set<string>> {
  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = get(url, { agent: false }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve(response.statusCode === 200 ? body : String(response.statusCode)));
      });
      request.on('error', reject);
    });
  return new Set(await Promise.all(Array.from({ length: times }, ask)));
}
