import { describe, expect, test } from 'vitest';
import { isAlive } from '../../support/is-alive.ts';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

/** Few enough for a machine that is busy with other things, too. */
const REQUESTS = 20;
const BURST = REQUESTS;
const SECONDS = 10;

async function start(workers: number, algorithm: string): Promise<TidegateProcess> {
  const backend = await startBackend();
  return runTidegate({
    files: {
      'tidegate.config.yaml': `
listeners:
  - name: web
    address: '127.0.0.1:0'
    upstream: site
    plugins:
      - { use: rate-limit, options: { limits: [{ requests: ${REQUESTS}, per: 1s }], algorithm: ${algorithm} } }
upstreams:
  site: { backends: [{ address: '${backend.address}' }], healthCheck: false }
workers: ${workers}
`,
    },
    workers: 'real',
  });
}

/** Under load from new connections, which all workers get their part of: how many came through, and in how long. */
async function measure(
  tidegate: TidegateProcess,
  during: () => Promise<void> = async () => {},
): Promise<{ readonly allowed: number; readonly seconds: number }> {
  const url = await tidegate.url();
  const started = performance.now();
  const load = startLoad(url, 16, { keepAlive: false });
  await poll(() => load.answered() > BURST);
  await during();
  await poll(() => performance.now() - started > SECONDS * 1000, 2 * SECONDS * 1000);
  const result = { allowed: load.answered(), seconds: (performance.now() - started) / 1000 };
  const { failures } = await load.stop();
  // many more were sent than came through
  expect(failures.filter((failure) => failure === 'status 429').length).toBeGreaterThan(result.allowed);
  return result;
}

/** To within 5 % of the rate; the burst comes once. */
function expectRate({ allowed, seconds }: { readonly allowed: number; readonly seconds: number }): void {
  expect(allowed).toBeGreaterThan(REQUESTS * seconds * 0.95);
  expect(allowed).toBeLessThan((REQUESTS * seconds + BURST) * 1.05);
}

describe.each(['token-bucket', 'sliding-window'])('rate-limit by %s', (algorithm) => {
  test.each([2, 4])('%i workers under load hold the rate to within 5 %%', async (workers) => {
    expectRate(await measure(await start(workers, algorithm)));
  });
});

test('a worker that dies and the one in its place change nothing of the rate', async () => {
  const tidegate = await start(2, 'token-bucket');
  const result = await measure(tidegate, async () => {
    const { workers } = await statusOf(tidegate);
    const pid = workers[0]?.pid ?? -1;
    const from = tidegate.lines.length;
    process.kill(pid, 'SIGKILL');
    await poll(() => !isAlive(pid));
    await tidegate.line('worker ready', undefined, from);
  });
  expectRate(result);
});
