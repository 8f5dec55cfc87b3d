import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { Readable } from 'node:stream';
import { expect } from 'vitest';
import { listenForTest } from '../../support/listen.ts';

const RATE = 2 * 2 ** 20;
export const BYTES = 1.25 * RATE;
/** So long a transfer of `BYTES` takes. */
const EXPECTED_MS = (BYTES / RATE) * 1000;

/** Answers GET with `BYTES`, and whatever else with how long its body took to come, in ms. */
export async function startBackend(): Promise<number> {
  const server: Server = createServer((message, answer) => {
    if (message.method === 'GET') answer.end(Buffer.alloc(BYTES, 'x'));
    else void arrival(message).then((ms) => answer.end(String(ms)));
  });
  return listenForTest(server, () => server.closeAllConnections());
}

/** How long it takes until all has come, in ms. @param bytes what that is */
export async function arrival(from: Readable, bytes = BYTES): Promise<number> {
  const startMs = performance.now();
  let received = 0;
  for await (const piece of from) {
    received += Buffer.byteLength(piece);
    if (received >= bytes) break;
  }
  expect(received).toBeGreaterThanOrEqual(bytes);
  return performance.now() - startMs;
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => sent.once('response', resolve).once('error', reject));
}

export async function download(port: number): Promise<number> {
  const sent = request({ port, host: '127.0.0.1', agent: false }).end();
  return arrival(await answerTo(sent));
}

export async function upload(port: number): Promise<number> {
  const sent = request({ port, host: '127.0.0.1', method: 'POST', agent: false });
  sent.end(Buffer.alloc(BYTES));
  const answer = await answerTo(sent);
  return Number(Buffer.concat(await answer.toArray()).toString());
}

/** `ms`: for `BYTES`. `parts`: with how many others the rate was shared. */
export function expectRate(ms: number, parts = 1): void {
  // A full bucket lets a tenth of a second pass at once.
  expect(ms).toBeGreaterThan(EXPECTED_MS * parts * 0.87);
  // On a machine with nothing else to do it is within some percent.
  expect(ms).toBeLessThan(EXPECTED_MS * parts * 1.4);
}

/** `times` of transfers that have shared the rate. Who comes first may have the full bucket, and is done before the others. */
export function expectFairShares(times: readonly number[], parts: number): void {
  expectRate(Math.max(...times), parts);
  expect(Math.min(...times)).toBeGreaterThan(Math.max(...times) * 0.75);
}
