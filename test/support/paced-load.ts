import { Agent, request } from 'node:http';
import { onTestFinished } from 'vitest';

const EVERY_MS = 5;
/** A machine that is too slow gets fewer requests, not more and more at a time. */
const MOST_AT_ONCE = 256;

export interface PacedLoad {
  /** Requests sent so far. */
  readonly sent: () => number;
  /** Messages of what went wrong, statuses other than 200 included. */
  readonly failures: readonly string[];
  /** Resolves when everything that was sent is answered. */
  stop(): Promise<void>;
}

/** GETs at this rate, up to 256 at a time. */
export function startPacedLoad(url: string, perSecond: number): PacedLoad {
  const agent = new Agent({ keepAlive: true });
  const failures: string[] = [];
  const startMs = performance.now();
  let sent = 0;
  let open = 0;
  let onIdle = (): void => {};
  const done = (failure: string | null): void => {
    if (failure !== null) failures.push(failure);
    open -= 1;
    if (open === 0) onIdle();
  };
  const once = (): void => {
    sent += 1;
    open += 1;
    request(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => done(response.statusCode === 200 ? null : `status ${response.statusCode}`));
      response.on('error', (error) => done(error.message));
    })
      .on('error', (error) => done(error.message))
      .end();
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * perSecond) / 1000);
    const now = Math.min(due - sent, MOST_AT_ONCE - open);
    for (let i = 0; i < now; i++) once();
  }, EVERY_MS);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    if (open > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    agent.destroy();
  };
  onTestFinished(stop);
  return { sent: () => sent, failures, stop };
}
