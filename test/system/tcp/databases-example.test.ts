import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { query, startPostgresPair } from './postgres-servers.ts';
import { redis, startRedis, startReplica } from './redis-servers.ts';

const example = fileURLToPath(
  new URL('../../../examples/tcp-databases/tidegate.config.yaml', import.meta.url),
);

test('the example: when the primaries of PostgreSQL and Redis are killed, their standbys serve, until they are back', async () => {
  const postgres = await startPostgresPair();
  const redisPrimary = await startRedis();
  const redisReplica = await startReplica(redisPrimary);
  const addresses = {
    '127.0.0.1:5432': 0,
    '127.0.0.1:6379': 0,
    '10.0.0.5:5432': postgres.primary.port,
    '10.0.0.6:5432': postgres.standby.port,
    '10.0.0.7:6379': redisPrimary.port,
    '10.0.0.8:6379': redisReplica.port,
  };
  // Standard output is for the application log that the test reads.
  let config = (await readFile(example, 'utf8')).replace(
    '{ format: json }',
    '{ format: json, file: access.log }',
  );
  for (const [address, port] of Object.entries(addresses))
    config = config.replace(address, `127.0.0.1:${port}`);
  const tidegate = await runTidegate({ workers: 'real', files: { 'tidegate.config.yaml': config } });
  const [postgresPort, redisPort] = [await tidegate.port('postgres'), await tidegate.port('redis')];
  const isStandby = (): Promise<string> => query(postgresPort, 'select pg_is_in_recovery()');
  const role = async (): Promise<string> => (await redis(redisPort, ['role'])).split('\n')[0] ?? '';
  expect([await isStandby(), await role()]).toEqual(['f', 'master']);

  await redis(redisPort, ['set', 'kept', 'value']);
  await poll(async () => (await redis(redisReplica.port, ['get', 'kept'])) === 'value');
  await Promise.all([postgres.primary.kill(), redisPrimary.kill()]);
  expect([await isStandby(), await role()]).toEqual(['t', 'slave']);
  expect(await redis(redisPort, ['get', 'kept'])).toBe('value');

  await redisPrimary.start();
  await poll(async () => (await role()) === 'master');
  // It refuses while processes of the killed one have not noticed yet.
  await poll(() => postgres.primary.start().then(() => true));
  await poll(async () => (await isStandby()) === 'f');
});
