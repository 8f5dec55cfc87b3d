import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';

import { onTestFinished } from 'vitest';

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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the backend has no port');
  return {
    address: `127.0.0.1:${address.port}`,
    slow: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
