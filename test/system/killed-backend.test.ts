import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startKillableBackend } from '../support/killable-backend.ts';
import { startPacedLoad } from '../support/paced-load.ts';
import { poll } from '../support/poll.ts';
import { statusOf } from '../support/status.ts';
import { runTidegate, type TidegateProcess } from '../support/tidegate-process.ts';

const PER_SECOND = 2000;
const FAIR_SHARE = 1 / 3;

const entries = z.array(
  z.object({ time: z.iso.datetime(), backend: z.string().nullable(), attempts: z.number() }),
);

/** When each request came, in epoch milliseconds, and who answered it. */
async function accessLog(tidegate: TidegateProcess) {
  const text = await readFile(join(tidegate.folder, 'access.log'), 'utf8');
  const whole = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  return entries
    .parse(whole.map((line): unknown => JSON.parse(line)))
    .map(({ time, ...others }) => ({ atMs: Date.parse(time), ...others }));
}

test.each([
  ['passive checks', 'passiveHealth: { ejection: 1s }'],
  ['a circuit breaker', 'passiveHealth: false\n    circuitBreaker: { failures: 3, openFor: 1s }'],
])(
  `kill -9 of one of three backends under ${PER_SECOND} GETs a second, with %s: no client notices, traffic to it stops within 100 ms, and it comes back slowly`,
  async (_, settings) => {
    const backends = await Promise.all([
      startKillableBackend(),
      startKillableBackend(),
      startKillableBackend(),
    ]);
    const [victim] = backends;
    if (victim === undefined) throw new Error('unreachable');
    const address = `127.0.0.1:${victim.port}`;
    const tidegate = await runTidegate({
      workers: 'real',
      files: {
        'tidegate.config.yaml': `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    scheduler: weighted-round-robin
    slowStart: 6s
    healthCheck: false
    ${settings}
    backends: [${backends.map(({ port }) => `{ address: '127.0.0.1:${port}' }`).join(', ')}]
log: { access: { format: json, file: access.log } }
workers: 2
`,
      },
    });
    const requestsOf = async (): Promise<number> => {
      const { upstreams } = await statusOf(tidegate);
      return upstreams[0]?.backends.find((each) => each.address === address)?.requests ?? 0;
    };
    const load = startPacedLoad(await tidegate.url(), PER_SECOND);
    const moreSent = async (count: number): Promise<void> => {
      const from = load.sent();
      await poll(() => load.sent() >= from + count, 60_000);
    };
    await moreSent(PER_SECOND * 3);
    await victim.kill();
    const goneMs = Date.now();
    await moreSent(PER_SECOND * 3);
    const before = await requestsOf();
    const restartedMs = Date.now();
    await victim.start();
    await poll(async () => (await requestsOf()) > before + 200, 60_000);
    await moreSent(PER_SECOND * 10);
    await load.stop();
    const endMs = Date.now();
    expect(load.failures).toEqual([]);

    // The log is written half a second behind.
    const log = await poll(async () => {
      const read = await accessLog(tidegate);
      return read.length >= load.sent() ? read : null;
    });
    // Whoever met the dead backend needed a second attempt; those that try whether it is back begin when the circuit has been open for a second.
    const late = log.filter(
      ({ atMs, attempts }) => attempts > 1 && atMs > goneMs + 100 && atMs < goneMs + 900,
    );
    expect(late).toEqual([]);
    const answered = log.filter(({ atMs, backend }) => atMs > restartedMs && backend === address);
    const backMs = answered[0]?.atMs ?? endMs;
    const share = (fromMs: number, toMs: number): number => {
      const within = log.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
      return within.filter(({ backend }) => backend === address).length / within.length;
    };
    expect(share(backMs, backMs + 1500)).toBeLessThan(FAIR_SHARE / 2);
    expect(share(endMs - 1500, endMs)).toBeGreaterThan(FAIR_SHARE * 0.9);
  },
);
