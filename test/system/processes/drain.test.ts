import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import type { Backend } from '../../support/slow-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import type { TidegateProcess } from '../../support/tidegate-process.ts';

async function withSlowRequest(more = ''): Promise<{
  tidegate: TidegateProcess;
  backend: Backend;
  answer: Promise<string>;
  respond: (body: string) => void;
}> {
  const backend = await startBackend();
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ backend: backend.address, more }) },
    workers: 'real',
  });
  const arrived = backend.slow();
  const answer = fetch(`${await tidegate.url()}/slow`).then((response) => response.text());
  answer.catch(() => undefined);
  const response = await arrived;
  return { tidegate, backend, answer, respond: (body) => void response.end(body) };
}

async function isRefused(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return false;
  } catch {
    return true;
  }
}

test('SIGTERM lets an exchange finish, then exit status 0', async () => {
  const { tidegate, answer, respond } = await withSlowRequest();
  const url = await tidegate.url();
  tidegate.kill('SIGTERM');
  await tidegate.line('draining');
  await poll(() => isRefused(url));
  respond('finished');
  expect(await answer).toBe('finished');
  expect(await tidegate.exited).toEqual({ code: 0, signal: null });
});

test('shutdownTimeout bounds the wait', async () => {
  const { tidegate, answer } = await withSlowRequest("shutdownTimeout: '300ms'");
  const started = performance.now();
  tidegate.kill('SIGTERM');
  expect(await tidegate.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - started).toBeLessThan(15_000);
  await expect(answer).rejects.toThrow();
});

test('a second SIGTERM ends at once, exit status 1, no worker left', async () => {
  const { tidegate, answer } = await withSlowRequest();
  const pids = (await statusOf(tidegate)).workers.map(({ pid }) => pid);
  tidegate.kill('SIGTERM');
  await tidegate.line('draining');
  await new Promise((resolve) => setTimeout(resolve, 100)); // two that come together count as one
  const again = performance.now();
  tidegate.kill('SIGTERM');
  expect(await tidegate.exited).toEqual({ code: 1, signal: null });
  expect(performance.now() - again).toBeLessThan(15_000);
  expect(pids.filter(isAlive)).toEqual([]);
  await expect(answer).rejects.toThrow();
});
