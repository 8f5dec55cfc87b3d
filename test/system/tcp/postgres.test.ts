import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { poll } from '../../support/poll.ts';
import { pgbench, pgbenchReporting, psql, query, startPostgresPair } from './postgres-servers.ts';

const COPIED_BYTES = 8 * 2 ** 20;
const LINE_BYTES = 64;
const BENCH_SECONDS = 60;
const RELOADS = 20;

interface Ports {
  readonly primary: { readonly port: number };
  readonly standby: { readonly port: number };
}

/** `more`: YAML for the upstream. */
function config({ primary, standby }: Ports, more: string): string {
  return `
listeners: [{ name: db, protocol: tcp, address: '127.0.0.1:0', upstream: db }]
upstreams:
  db:
    backends: [{ address: '127.0.0.1:${primary.port}' }, { address: '127.0.0.1:${standby.port}', backup: true }]
    ${more}
workers: 2
`;
}

async function inFrontOf(servers: Ports, more = ''): Promise<{ tidegate: TidegateProcess; port: number }> {
  const tidegate = await runTidegate({
    workers: 'real',
    files: { 'tidegate.config.yaml': config(servers, more) },
  });
  return { tidegate, port: await tidegate.port('db') };
}

test('psql: a query, and a COPY of 8 MiB each way', async () => {
  const servers = await startPostgresPair();
  const { tidegate, port } = await inFrontOf(servers);
  expect(await query(port, 'select 6 * 7')).toBe('42');
  const lines = randomBytes((COPIED_BYTES / 4) * 3)
    .toString('base64')
    .match(new RegExp(`.{${LINE_BYTES}}`, 'g'));
  const text = `${lines?.join('\n') ?? ''}\n`;
  const [sent, received] = [join(tidegate.folder, 'sent'), join(tidegate.folder, 'received')];
  await writeFile(sent, text);
  const copied = await psql(
    port,
    'create table copied (line text)',
    `\\copy copied from '${sent}'`,
    `\\copy copied to '${received}'`,
  );
  expect(copied).toMatchObject({ status: 0, stderr: '' });
  expect(await query(servers.primary.port, 'select count(*), sum(length(line)) from copied')).toBe(
    `${COPIED_BYTES / LINE_BYTES}|${COPIED_BYTES}`,
  );
  const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
  expect(sha256(await readFile(received))).toBe(sha256(text));
});

test(`pgbench for ${BENCH_SECONDS} s over ${RELOADS} reloads: no error, with connections that last and with one for each transaction`, async () => {
  const servers = await startPostgresPair();
  const { tidegate, port } = await inFrontOf(servers);
  expect(await pgbench(port, '-i', '-q')).toMatchObject({ status: 0 });
  const forSeconds = ['-T', String(BENCH_SECONDS)];
  let reloads = 0;
  const reload = async (): Promise<void> => {
    reloads++;
    const more = `timeouts: { connect: ${reloads}s }`;
    await tidegate.write('tidegate.config.yaml', config(servers, more));
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
});

test.each([
  { by: 'connect retries, at once', more: 'healthCheck: false', mostTries: 1 },
  {
    by: 'health checks',
    more: 'healthCheck: { type: tcp, interval: 200ms }\n    retries: { attempts: 1 }\n    passiveHealth: false',
    mostTries: Infinity,
  },
])('a primary that is killed: new connections reach the standby within a second, by $by', async (way) => {
  const { primary, standby } = await startPostgresPair();
  const { port } = await inFrontOf({ primary, standby }, way.more);
  await query(port, 'create table kept (line text)');
  await query(port, "insert into kept values ('kept')");
  const content = 'select line, pg_is_in_recovery() from kept';
  expect(await query(port, content)).toBe('kept|f');
  await poll(async () => (await query(standby.port, content)) === 'kept|t');

  await primary.kill();
  const killedMs = performance.now();
  let tries = 0;
  const answer = await poll(async () => {
    tries++;
    const { status, stdout } = await psql(port, content);
    return status === 0 && stdout.trim();
  });
  expect(performance.now() - killedMs).toBeLessThan(1000);
  expect(answer).toBe('kept|t');
  expect(tries).toBeLessThanOrEqual(way.mostTries);

  // It refuses while processes of the killed one have not noticed yet.
  await poll(() => primary.start().then(() => true));
  await poll(async () => (await query(port, content)) === 'kept|f');
});
