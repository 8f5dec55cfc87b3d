import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { inFrontOfPostgres } from './postgres-front.ts';
import { psql, query, startPostgresPair } from './postgres-servers.ts';

const COPIED_BYTES = 8 * 2 ** 20;
const LINE_BYTES = 64;

test('psql: a query, and a COPY of 8 MiB each way', async () => {
  const servers = await startPostgresPair();
  const { tidegate, port } = await inFrontOfPostgres(servers);
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

test.each([
  { by: 'connect retries, at once', more: 'healthCheck: false', mostTries: 1 },
  {
    by: 'health checks',
    more: 'healthCheck: { type: tcp, interval: 200ms }\n    retries: { attempts: 1 }\n    passiveHealth: false',
    mostTries: Infinity,
  },
])('a primary that is killed: new connections reach the standby within a second, by $by', async (way) => {
  const { primary, standby } = await startPostgresPair();
  const { port } = await inFrontOfPostgres({ primary, standby }, way.more);
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
