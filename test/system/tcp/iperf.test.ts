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

type Iperf = (...args: readonly string[]) => Promise<z.infer<typeof report>['end']>;

/** `iperf3` through Tidegate, which has its port for TCP, for what the two ends have to agree on, and for UDP. */
async function startIperf(): Promise<Iperf> {
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
  return async (...args) => {
    const { stdout } = await runToEnd('iperf3', ['-c', '127.0.0.1', '-p', String(port), '-J', ...args]);
    const { error, end } = report.parse(JSON.parse(stdout));
    expect(error).toBeUndefined();
    return end;
  };
}

/** To the server, and from it. */
const ways = [[], ['-R']];

test('TCP, each way: 256 MiB over four connections at once', async () => {
  const iperf = await startIperf();
  for (const way of ways) {
    const end = await iperf('-P', '4', '-n', '256M', ...way);
    expect(end.sum_sent.bytes).toBeGreaterThanOrEqual(256 * 2 ** 20);
    // What was under way in the end is not counted.
    expect(end.sum_received.bytes).toBeGreaterThan(200 * 2 ** 20);
  }
});

test('UDP, each way: 10 Mbit/s without a loss to speak of', async () => {
  const iperf = await startIperf();
  for (const way of ways) {
    const { sum } = await iperf('-u', '-b', '10M', '-l', '1200', '-t', '1', ...way);
    expect(sum?.packets).toBeGreaterThan(900);
    expect(sum?.lost_packets).toBeLessThan(50);
  }
});
