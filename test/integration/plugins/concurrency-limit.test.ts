import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('concurrency-limit counts what is under way in all workers, and gives places back however exchanges end', async () => {
  const backend = await startBackend();
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners:
  - { name: web, address: '127.0.0.1:0', upstream: site, plugins: [{ use: concurrency-limit, options: { max: 1 } }] }
upstreams: { site: { backends: [{ address: '${backend.address}' }], healthCheck: false } }
workers: 2
`,
    },
  });
  const url = await tidegate.url();
  // each on a connection of its own, for either worker
  const statuses = (): Promise<number[]> =>
    Promise.all(
      Array.from({ length: 6 }, async () => (await fetch(url, { headers: { connection: 'close' } })).status),
    );
  const isFull = async (): Promise<boolean> => (await statuses()).every((status) => status === 503);
  const isFree = async (): Promise<boolean> =>
    (await fetch(url, { headers: { connection: 'close' } })).status === 200;

  const takePlace = (init?: RequestInit): Promise<{ slow: Promise<Response>; answer: ServerResponse }> => {
    const arrived = backend.slow();
    // A worker may not have heard yet that the place it knows of is free.
    return poll(async () => {
      const slow = fetch(`${url}/slow`, init);
      const first = await Promise.race([arrived, slow]);
      return first instanceof Response ? null : { slow, answer: first };
    });
  };

  const { slow, answer } = await takePlace();
  await poll(isFull);
  answer.end('late');
  expect(await (await slow).text()).toBe('late');
  await poll(isFree);

  const client = new AbortController();
  const { slow: gone } = await takePlace({ signal: client.signal });
  await poll(isFull);
  client.abort();
  await expect(gone).rejects.toThrow();
  await poll(isFree);
});
