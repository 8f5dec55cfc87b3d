import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';

const REQUESTS = 100;

test.each<[object | 'none', number]>([
  [{ share: 0.2, minPerSecond: 0 }, 20],
  [{ share: 0, minPerSecond: 0 }, 0],
  ['none', REQUESTS * 2],
])('backends that fail get as many retries as the budget %j has: %i', async (budget, retries) => {
  const broken = await startRawBackend((request) => void request.connection.socket.resetAndDestroy());
  const proxy = await startProxy({
    upstreams: site([broken.port, broken.port, broken.port], { retries: { attempts: 3, budget } }),
  });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < REQUESTS; i++) expect((await client.request(get('/'))).status).toBe(502);
  expect(broken.requests).toHaveLength(REQUESTS + retries);
  const spent = proxy.upstreams.get('site')?.budget;
  expect(spent?.retries).toBe(retries);
  expect(spent?.refused).toBe(budget === 'none' ? 0 : REQUESTS);
});
