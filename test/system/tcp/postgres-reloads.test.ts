import { expect, test } from 'vitest';
import { inFrontOfPostgres, postgresConfig } from './postgres-front.ts';
import { pgbench, pgbenchReporting, startPostgresPair } from './postgres-servers.ts';

const BENCH_SECONDS = 60;
const RELOADS = 20;

test(
  `pgbench for ${BENCH_SECONDS} s over ${RELOADS} reloads: no error, with connections that last and with one for each transaction`,
  { timeout: 180_000 },
  async () => {
    const servers = await startPostgresPair();
    const { tidegate, port } = await inFrontOfPostgres(servers);
    expect(await pgbench(port, '-i', '-q')).toMatchObject({ status: 0 });
    const forSeconds = ['-T', String(BENCH_SECONDS)];
    let reloads = 0;
    const reload = async (): Promise<void> => {
      reloads++;
      const more = `timeouts: { connect: ${reloads}s }`;
      await tidegate.write('tidegate.config.yaml', postgresConfig(servers, more));
      const next = tidegate.nextLine('reloaded');
      tidegate.kill('SIGHUP');
      await next;
    };
    const ended = await Promise.all([
      pgbench(port, '-C', '-S', '-c', '2', '--rate', '10', ...forSeconds),
      // It reports every two seconds, which is more often than necessary.
      pgbenchReporting(reload, port, '-c', '4', '--rate', '40', '-P', '2', ...forSeconds),
    ]);
    const flawless = { status: 0, stdout: expect.stringMatching(/^number of failed transactions: 0 /m) };
    expect(ended).toMatchObject([flawless, flawless]);
    expect(reloads).toBeGreaterThanOrEqual(RELOADS);
  },
);
