import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import type { ServerProcess } from '../../support/server-process.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { pipeline, redis, startRedis, startRedisCli } from './redis-servers.ts';

const COMMANDS = 50_000;

/** `more`: YAML for the listener. */
async function inFrontOf(
  server: ServerProcess,
  more = '',
): Promise<{ tidegate: TidegateProcess; port: number }> {
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: cache, protocol: tcp, address: '127.0.0.1:0', upstream: cache${more} }]
upstreams: { cache: { backends: [{ address: '127.0.0.1:${server.port}' }], healthCheck: false } }
log: { access: { format: json, file: access.log } }
workers: 2
`,
    },
  });
  return { tidegate, port: await tidegate.port('cache') };
}

test(`${COMMANDS} pipelined commands, with answers of every size`, async () => {
  const server = await startRedis();
  const { port } = await inFrontOf(server);
  function* commands(): Generator<string> {
    for (let n = 0; n < COMMANDS / 2; n++) {
      const value = String(n).repeat(n % 500 === 0 ? 2000 : 20);
      yield `SET key:${n} ${value}\r\nGET key:${n}\r\n`;
    }
  }
  expect(await pipeline(port, commands())).toBe(`errors: 0, replies: ${COMMANDS}`);
  expect(await redis(server.port, ['dbsize'])).toBe(String(COMMANDS / 2));
  expect(await redis(port, ['get', 'key:24500'])).toBe('24500'.repeat(2000));
});

test('a subscriber gets what is published before and after a reload', async () => {
  const server = await startRedis();
  const { tidegate, port } = await inFrontOf(server);
  const subscriber = startRedisCli(port, 'subscribe', 'news');
  await poll(() => subscriber.lines.length === 3);
  expect(await redis(port, ['publish', 'news', 'before'])).toBe('1');
  const reloaded = tidegate.nextLine('reloaded');
  tidegate.kill('SIGHUP');
  await reloaded;
  expect(await redis(port, ['publish', 'news', 'after'])).toBe('1');
  await poll(() => subscriber.lines.length === 9);
  expect(subscriber.lines.slice(3)).toEqual(['message', 'news', 'before', 'message', 'news', 'after']);
});

test('a blocking command waits as long as the listener lets a connection be idle, and no longer', async () => {
  const server = await startRedis();
  const { tidegate, port } = await inFrontOf(server, ', timeouts: { idle: 2s }');
  expect(await redis(port, ['blpop', 'jobs', '1'])).toBe('');
  const answered = startRedisCli(port, 'blpop', 'jobs', '0');
  await poll(async () => (await redis(server.port, ['info', 'clients'])).includes('blocked_clients:1'));
  await redis(port, ['rpush', 'jobs', 'one']);
  expect(await answered.ended).toEqual({ status: 0, stderr: '' });
  expect(answered.lines).toEqual(['jobs', 'one']);

  const startedMs = performance.now();
  const left = startRedisCli(port, 'blpop', 'jobs', '0');
  expect(await left.ended).toMatchObject({ status: 1 });
  expect(performance.now() - startedMs).toBeGreaterThan(1900);
  await poll(async () => (await redis(server.port, ['info', 'clients'])).includes('blocked_clients:0'));
  await poll(async () =>
    (await readFile(join(tidegate.folder, 'access.log'), 'utf8')).includes('"end":"idle"'),
  );
});
