import { expect, test } from 'vitest';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

test('an upstream hook is called for each attempt, and what it changes is for that one alone', async () => {
  const dead = await startRawBackend((request) => void request.connection.socket.resetAndDestroy());
  const backend = await startRawBackend();
  const picked: (string | null)[] = [];
  const proxy = await startProxy({
    upstreams: {
      site: {
        scheduler: 'round-robin',
        retries: { attempts: 2 },
        backends: [{ address: `127.0.0.1:${dead.port}` }, { address: `127.0.0.1:${backend.port}` }],
      },
    },
    plugins: chainOf({
      upstream(exchange) {
        picked.push(exchange.backend);
        exchange.request.headers.append('X-Attempt', String(picked.length));
      },
    }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(200);
  expect(picked).toEqual([`127.0.0.1:${dead.port}`, `127.0.0.1:${backend.port}`]);
  expect((await dead.request(0)).header('x-attempt')).toBe('1');
  expect((await backend.request(0)).header('x-attempt')).toBe('2');
});

test('hedges have their upstream hooks, too', async () => {
  const slow = await startRawBackend(() => {});
  const quick = await startRawBackend((request) => request.reply(ok(request.header('x-backend') ?? '')));
  const proxy = await startProxy({
    upstreams: {
      site: {
        minAvailable: 2,
        retries: { attempts: 2, hedge: { after: '20ms' } },
        backends: [
          { address: `127.0.0.1:${slow.port}` },
          { address: `127.0.0.1:${quick.port}`, backup: true },
        ],
      },
    },
    plugins: chainOf({
      upstream: (exchange) => exchange.request.headers.set('x-backend', exchange.backend ?? ''),
    }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe(`127.0.0.1:${quick.port}`);
  expect((await slow.request(0)).header('x-backend')).toBe(`127.0.0.1:${slow.port}`);
});

test('an upstream hook that throws fails the exchange, and no backend is asked', async () => {
  const backend = await startRawBackend();
  const broken = instanceOf({
    upstream() {
      throw new Error('broken');
    },
  });
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(broken) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(500);
  expect([(await entry(proxy)).error, backend.connections.length]).toEqual(['plugin-fault', 0]);
});

test('an upstream hook may refuse', async () => {
  const proxy = await startProxy({
    plugins: chainOf({ upstream: (exchange) => exchange.refuse({ status: 429, body: 'later' }) }),
  });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect([answer.status, answer.body, (await entry(proxy)).attempts]).toEqual([429, 'later', 0]);
});
