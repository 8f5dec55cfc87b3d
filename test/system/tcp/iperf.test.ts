import { expect, test } from 'vitest';
import { z } from 'zod';
import { unusedPort } from '../../support/raw-backend.ts';
import { runToEnd } from '../../support/run-to-end.ts';
import { startServer } from '../../support/server-process.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const report = z.object({
  error: z.string().optional(),
  end: z.object({
    sum_sent: z.object({ bytes: z.number() }),
    sum_received: z.object({ bytes: z.number() }),
    sum: z.object({ packets: z.number(), lost_packets: z.number() }).optional(),
  }),
});

/** Runs `iperf3` through Tidegate, which has its port for TCP, for what the two ends have to agree on, and for UDP. */
async function iperf(...args: readonly string[]): Promise<z.infer<typeof report>['end']> {
  const server = await startServer({
    prepare: (_, port) => Promise.resolve(['iperf3', '-s', '-B', '127.0.0.1', '-p', String(port)]),
  });
  const port = await unusedPort();
  await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners:
  - { name: tcp, protocol: tcp, address: '127.0.0.1:${port}', upstream: iperf }
  - { name: udp, protocol: udp, address: '127.0.0.1:${port}', upstream: iperf }
# It serves one client at a time, and takes a health check for one.
upstreams: { iperf: { backends: [{ address: '127.0.0.1:${server.port}' }], healthCheck: false } }
workers: 2
`,
    },
  });
  const { stdout } = await runToEnd('iperf3', ['-c', '127.0.0.1', '-p', String(port), '-J', ...args]);
  const { error, end } = report.parse(JSON.parse(stdout));
  expect(error).toBeUndefined();
  return end;
}

const ways = [
  ['to the server', []],
  ['from the server', ['-R']],
] as const;

test.each(ways)('TCP, four connections at once, 256 MiB %s', async (_, options) => {
  const end = await iperf('-P', '4', '-n', '256M', ...options);
  expect(end.sum_sent.bytes).toBeGreaterThanOrEqual(256 * 2 ** 20);
  // What was under way in the end is not counted.
  expect(end.sum_received.bytes).toBeGreaterThan(200 * 2 ** 20);
});

test.each(ways)('UDP, 10 Mbit/s %s: no loss to speak of', async (_, options) => {
  const end = await iperf('-u', '-b', '10M', '-l', '1200', '-t', '1', ...options);
  expect(end.sum?.packets).toBeGreaterThan(900);
  expect(end.sum?.lost_packets).toBeLessThan(50);
});
