import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startDataPath } from '../support/data-path.ts';
import { unusedPort } from '../support/raw-backend.ts';
import { startNginx } from './real-servers.ts';

/** Answers everything with its own port. */
async function startBackend(): Promise<number> {
  const port = await unusedPort();
  const server = createServer((_, response) => response.end(String(port)));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.close().closeAllConnections());
  return port;
}

test.each([
  { name: 'equal weights', weights: [1, 1, 1, 1] },
  { name: 'different weights', weights: [1, 3, 2] },
])('consistent-hash sends keys where `hash … consistent` of nginx does ($name)', async ({ weights }) => {
  const backends = await Promise.all(weights.map(async (weight) => ({ port: await startBackend(), weight })));
  const servers = backends.map(({ port, weight }) => `server 127.0.0.1:${port} weight=${weight};`);
  const nginx = await startNginx(
    'location / { proxy_pass http://site; }',
    `upstream site { hash $http_x_user consistent; ${servers.join(' ')} }`,
  );
  const tidegate = await startDataPath({
    upstreams: {
      site: {
        scheduler: { type: 'consistent-hash', key: 'header(x-user)' },
        backends: backends.map(({ port, weight }) => ({ address: `127.0.0.1:${port}`, weight })),
      },
    },
  });
  onTestFinished(() => tidegate.close());
  const users = Array.from({ length: 500 }, (_, i) =>
    i % 2 === 0 ? `user-${i}` : `${i * 7919}@example.com`,
  );
  const placesOf = async (port: number): Promise<string[]> => {
    const places: string[] = [];
    for (const user of users) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-user': user } });
      places.push(await answer.text());
    }
    return places;
  };
  const ours = await placesOf(tidegate.port);
  expect(new Set(ours).size).toBe(weights.length);
  expect(ours).toEqual(await placesOf(nginx.port));
});
