import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawAnswer } from '../../support/raw-client.ts';
import { BACKEND_STEPS, CLIENT_REQUESTS, misbehave, pick, randomFrom } from './chaos-script.ts';
import { expectAtRest, startProxy } from './setup.ts';

const CONNECTIONS = 400;
const AT_ONCE = 20;

test.each([1, 2, 3])(
  'whatever clients and backends do, everything is counted out again and the next request is served (seed %i)',
  async (seed) => {
    const random = randomFrom(seed);
    const backend = await startRawBackend((request) =>
      request.target === '/good' ? request.reply(ok('good')) : pick(random, BACKEND_STEPS)(request),
    );
    const timeouts = { header: '100ms', body: '100ms', idle: '100ms', write: '300ms' };
    const proxy = await startProxy({
      listener: { timeouts },
      upstreams: {
        site: {
          timeouts: { connect: '300ms', response: '150ms', idle: '200ms' },
          connections: { max: 15, maxIdle: 5 },
          retries: { attempts: 3, budget: 'none' },
          backends: [
            { address: `127.0.0.1:${backend.port}`, weight: 5 },
            { address: `127.0.0.1:${await unusedPort()}` },
          ],
          scheduler: 'weighted-round-robin',
        },
      },
    });
    let left = CONNECTIONS;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0)
          await misbehave(await connectRaw(proxy.port), random, pick(random, CLIENT_REQUESTS), 0.5);
      }),
    );
    await expectAtRest(proxy);
    const { counters } = proxy.service;
    await poll(() => proxy.entries.length === counters.requests + counters.refused);
    expect(new Set(proxy.entries.map(({ requestId }) => requestId)).size).toBe(proxy.entries.length);
    // It was chaos indeed.
    const ends = new Set(proxy.entries.map(({ status, error }) => `${status} ${error}`));
    expect(ends.size).toBeGreaterThan(10);
    for (let i = 0; i < 10; i++) {
      const answer = await poll(() => answerOf(proxy.port));
      expect(answer.body).toBe('good');
    }
  },
);

/** null where one of the short timeouts above has passed, as it may on a busy machine. */
async function answerOf(port: number): Promise<RawAnswer | null> {
  const client = await connectRaw(port);
  const answer = await client.request(get('/good')).catch(() => null);
  return answer?.status === 200 ? answer : null;
}
