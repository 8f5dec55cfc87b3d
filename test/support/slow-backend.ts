import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';

import { listenForTest } from './listen.ts';

export interface Backend {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** The next request for `/slow`, which is answered when the test says so. */
  slow(): Promise<ServerResponse>;
}

/** A backend that answers `ok` at once, but to `/slow`. */
export async function startBackend(): Promise<Backend> {
  const waiting: ((response: ServerResponse) => void)[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/slow') waiting.shift()?.(response);
    else response.end('ok');
  });
  server.keepAliveTimeout = 60_000;
  const port = await listenForTest(server, () => server.closeAllConnections());
  return {
    address: `127.0.0.1:${port}`,
    slow: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
