import { expect, test } from 'vitest';
import { keptBodyBytes } from '../../../core/forward/request-body.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { BACKEND_STEPS, CLIENT_REQUESTS, misbehave, pick, randomFrom } from '../http1/chaos-script.ts';
import { expectAtRest, startProxy } from '../http1/setup.ts';

const CONNECTIONS = 300;
const AT_ONCE = 30;
const BODY = 'x'.repeat(70_000);
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy';
const REQUESTS = [
  ...CLIENT_REQUESTS,
  post('/', BODY),
  post('/', 'body').replace('POST', 'PUT'),
  `${CHUNKED.replace('POST', 'PUT')}4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n`,
  get('/h2/'),
  post('/h2/', 'body'),
  post('/h2/', BODY),
  get('/'),
  get('/'),
];

/** In all runs together: which ways one of them takes is a matter of its timing, too. */
const happened = { retries: 0, hedges: 0, fallbacks: 0 };

test.each([1, 2, 3])(
  'with hedges, queues, circuit breakers, sticky sessions and fallbacks everything is counted out again (seed %i)',
  async (seed) => {
    const random = randomFrom(seed);
    const start = () =>
      startRawBackend((request) => {
        const dice = random();
        if (dice < 0.15) request.reply(BUSY);
        else if (dice < 0.4) request.reply(ok('fine'));
        else return pick(random, BACKEND_STEPS)(request);
        return undefined;
      });
    const [one, two, three] = await Promise.all([start(), start(), start()]);
    const h2 = await startHttp2Backend((stream) => {
      const dice = random();
      if (dice < 0.2) stream.close(7);
      else if (dice < 0.3) stream.close(2);
      else if (dice < 0.4) stream.session?.close();
      else if (dice < 0.5) stream.session?.destroy();
      else if (dice < 0.6) stream.respond({ ':status': 503 }, { endStream: true });
      else if (dice < 0.7) return;
      else stream.respond({ ':status': 200 }, { endStream: true });
    });
    const at = (port: number) => ({ address: `127.0.0.1:${port}` });
    const common = {
      timeouts: { connect: '300ms', response: '100ms', idle: '200ms' },
      connections: { max: 6, maxIdle: 3 },
      maxConnections: 5,
      queue: { length: 8, timeout: '50ms' },
      retries: {
        attempts: 3,
        on: ['connect-failure', 'reset', 'timeout', 'refused-stream', 503],
        hedge: { after: '5ms' },
      },
      circuitBreaker: { failures: 4, openFor: '100ms', halfOpen: 2 },
      passiveHealth: { failures: 3, ejection: '100ms' },
      sticky: { type: 'cookie', key: 'the key of these tests' },
    };
    const proxy = await startProxy({
      listener: {
        timeouts: { header: '300ms', body: '100ms', idle: '300ms', write: '300ms' },
        routes: [{ path: '/h2/*', upstream: 'h2' }],
      },
      upstreams: {
        site: {
          ...common,
          backends: [at(one.port), at(two.port), at(await unusedPort())],
          fallback: 'other',
        },
        h2: { ...common, protocol: 'h2c', backends: [at(h2.port)], fallback: 'other' },
        other: { ...common, backends: [at(three.port)] },
      },
    });
    let left = CONNECTIONS;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0) await misbehave(await connectRaw(proxy.port), random, pick(random, REQUESTS), 0.7);
      }),
    );
    await expectAtRest(proxy);
    const { counters } = proxy.service;
    await poll(() => proxy.entries.length === counters.requests + counters.refused);
    expect(new Set(proxy.entries.map(({ requestId }) => requestId)).size).toBe(proxy.entries.length);
    expect(keptBodyBytes()).toBe(0);
    for (const { queue } of proxy.upstreams.values())
      expect([queue.length, queue.counters.waiting]).toEqual([0, 0]);
    const timings = proxy.entries.flatMap((entry) => Object.values(entry.timings));
    expect(timings.filter((ms) => ms !== null && ms < 0)).toEqual([]);
    for (const { budget } of proxy.upstreams.values())
      for (const what of ['retries', 'hedges', 'fallbacks'] as const) happened[what] += budget[what];
    expect(new Set(proxy.entries.map(({ status, error }) => `${status} ${error}`)).size).toBeGreaterThan(10);
    // Whatever state it was left in, each backend can be asked again.
    const runtimes = [...proxy.upstreams.values()].flatMap(({ backends }) =>
      backends.map(({ runtime }) => runtime),
    );
    await poll(() => runtimes.every(({ circuitOpen, ejected }) => !circuitOpen && !ejected));
  },
);

test('it was chaos indeed: there were retries, hedges and fallbacks', () => {
  expect(Object.values(happened).filter((count) => count === 0)).toEqual([]);
});
