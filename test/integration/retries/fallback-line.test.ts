import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';
import { cookieOf, KEY } from '../sticky/setup.ts';

const at = (port: number, more: object = {}) => ({ address: `127.0.0.1:${port}`, ...more });

test('who comes to a fallback stands behind those who wait there', async () => {
  const order: string[] = [];
  const other = await startRawBackend((request) => void order.push(request.target));
  const dead = await unusedPort();
  const proxy = await startProxy({
    listener: { routes: [{ path: '/own/*', upstream: 'other' }] },
    upstreams: {
      site: { backends: [at(dead)], fallback: 'other', retries: { attempts: 1 } },
      other: { backends: [at(other.port)], maxConnections: 1, queue: { timeout: '1h' } },
    },
  });
  const line = proxy.upstreams.get('other')?.queue;
  const targets = ['/own/1', '/own/2', '/from-site', '/own/3'];
  for (const [i, target] of targets.entries()) {
    (await connectRaw(proxy.port)).send(get(target));
    await (i === 0 ? other.request(0) : poll(() => line?.length === i));
  }
  for (const i of targets.keys()) (await other.request(i)).reply(ok('fine'));
  expect(order).toEqual(targets);
});

test('a client that belongs to a backend of the fallback comes back to it', async () => {
  const servers = await Promise.all(
    [0, 1, 2].map((i) => startRawBackend((request) => request.reply(ok(String(i))))),
  );
  const dead = await unusedPort();
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends: [at(dead)],
        fallback: 'other',
        retries: { attempts: 1 },
        sticky: { type: 'cookie', key: KEY },
      },
      other: { backends: servers.map(({ port }) => at(port)), sticky: { type: 'cookie', key: KEY } },
    },
  });
  const client = await connectRaw(proxy.port);
  const first = await client.request(get('/'));
  for (let i = 0; i < 4; i++) {
    const next = await client.request(get('/', `Cookie: ${cookieOf(first)}`));
    expect([next.body, next.header('set-cookie')]).toEqual([first.body, null]);
  }
  const traffic = proxy.upstreams.get('other')?.backends[Number(first.body)]?.runtime.traffic;
  expect(traffic?.sum(60_000, performance.now())).toEqual({ scheduler: 1, session: 4, other: 0 });
});

test('a fallback hedges as its own config says', async () => {
  const slow = await startRawBackend(() => {});
  const fast = await startRawBackend((request) => request.reply(ok('fast')));
  const hedge = { attempts: 2, hedge: { after: '10ms' } };
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [at(await unusedPort()), at(await unusedPort())], fallback: 'other', retries: hedge },
      other: {
        minAvailable: 2,
        backends: [at(slow.port), at(fast.port, { backup: true })],
        retries: hedge,
      },
    },
  });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).body).toBe('fast');
  expect(proxy.upstreams.get('other')?.budget.hedges).toBe(1);
});
