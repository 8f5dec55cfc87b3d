import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { startProxy } from '../http1/setup.ts';
import { cookieOf, KEY } from '../sticky/setup.ts';

const HEDGE = { attempts: 2, budget: 'none', hedge: { after: '20ms' } };

/** Two backends, of which the first is asked first. */
async function start(settings: object): Promise<{ proxy: DataPath; servers: readonly RawBackend[] }> {
  const servers = await Promise.all([startRawBackend(() => {}), startRawBackend(() => {})]);
  const [one, two] = servers.map(({ port }) => ({ address: `127.0.0.1:${port}` }));
  const proxy = await startProxy({
    upstreams: {
      site: {
        scheduler: 'round-robin',
        minAvailable: 2,
        retries: HEDGE,
        backends: [one, { ...two, backup: true }],
        ...settings,
      },
    },
  });
  return { proxy, servers };
}

test('a client that belongs to a backend is not led to another one because that is slow', async () => {
  const { proxy, servers } = await start({ sticky: { type: 'cookie', key: KEY } });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  // A new client may get both; the one that answers keeps it.
  const second = await servers[1]?.request(0);
  second?.reply(ok('second'));
  const cookie = cookieOf(await client.answer());
  const later = await connectRaw(proxy.port);
  later.send(get('/', `Cookie: ${cookie}`));
  const own = await servers[1]?.request(1);
  const other = await connectRaw(proxy.port);
  other.send(get('/'));
  // That one has been hedged by now, which began later.
  await poll(() => servers.reduce((sum, { requests }) => sum + requests.length, 0) >= 5);
  own?.reply(ok('second'));
  const answer = await later.answer();
  expect([answer.body, answer.header('set-cookie')]).toEqual(['second', null]);
  expect(proxy.entries.map(({ attempts }) => attempts)).toEqual([2, 1]);
});

test('a hedge over a stale connection goes once more over a fresh one', async () => {
  const { proxy, servers } = await start({});
  const [one, two] = servers;
  const warm = await connectRaw(proxy.port);
  warm.send(get('/'));
  (await two?.request(0))?.reply(ok('warm'));
  expect((await warm.answer()).body).toBe('warm');
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  const stale = await two?.request(1);
  expect(stale?.connection.index).toBe(0);
  stale?.connection.socket.resetAndDestroy();
  (await two?.request(2))?.reply(ok('hedge'));
  expect((await client.answer()).body).toBe('hedge');
  expect(one?.requests).toHaveLength(2);
  const runtime = proxy.upstreams.get('site')?.backends[1]?.runtime;
  expect([runtime?.errors, runtime?.requests]).toEqual([0, 2]);
  expect(proxy.entries[1]?.attempts).toBe(2);
});
