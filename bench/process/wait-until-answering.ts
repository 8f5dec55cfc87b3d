import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from './children.ts';

/** Status and length of one small answer on a connection of its own. @throws when there is none within `timeoutMs`. */
async function fetchOnce(
  port: number,
  path: string,
  timeoutMs: number,
  scheme: 'http' | 'https',
): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    // The certificate is one of the bench's own making.
    const options = { host: '127.0.0.1', port, path, agent: false, rejectUnauthorized: false } as const;
    const request = (scheme === 'http' ? http : https).get(options, (response) => {
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
      response.once('error', reject);
    });
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.once('error', reject);
  });
}

/** Resolves when the child's port gives an answer of status 200. @throws with the child's output when it ends or 30 s pass. */
export async function waitUntilAnswering(
  child: Child,
  port: number,
  name: string,
  scheme: 'http' | 'https' = 'http',
): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    if (!child.running) throw new Error(`${name} ended while starting:\n${child.output}`);
    try {
      const answer = await fetchOnce(port, '/', 1000, scheme);
      if (answer.status === 200) return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`${name} does not answer on its port:\n${child.output}`, { cause: error });
      }
    }
    if (performance.now() > deadline) throw new Error(`${name} does not answer with 200:\n${child.output}`);
    await delay(25);
  }
}
