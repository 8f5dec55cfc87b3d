import { expect, test } from 'vitest';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

test('log hooks hear of every exchange once, with its outcome, and give fields to its entry', async () => {
  const backend = await startRawBackend();
  const seen: unknown[] = [];
  let same: unknown = null;
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({
      request(exchange) {
        same = exchange;
        exchange.setLogField('tenant', 'a');
      },
      log(exchange) {
        expect(exchange).toBe(same);
        seen.push([exchange.status, exchange.error, exchange.responseBytes, exchange.request.target]);
        exchange.setLogField('cost', 3);
      },
    }),
  });
  const client = await connectRaw(proxy.port);
  await client.request(get('/a'));
  expect((await entry(proxy)).fields).toEqual({ tenant: 'a', cost: 3 });
  expect(seen).toEqual([[200, null, 5, '/a']]);
});

test('a request that was refused before it came to the plugins is none of their business', async () => {
  const watching = instanceOf({ request: () => {}, response: () => {}, log: () => {} });
  const proxy = await startProxy({ plugins: chainOf(watching) });
  const client = await connectRaw(proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  expect((await client.answer()).status).toBe(400);
  const other = await connectRaw(proxy.port);
  expect((await other.request(get('/a/../b'))).status).toBe(400);
  await entry(proxy, 2);
  expect(watching.calls).toMatchObject({ request: 0, response: 0, log: 0 });
});

test('a log hook that throws is counted, and the entry is written', async () => {
  const backend = await startRawBackend();
  const broken = instanceOf({
    log() {
      throw new Error('broken');
    },
  });
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(broken) });
  await (await connectRaw(proxy.port)).request(get('/'));
  expect((await entry(proxy)).status).toBe(200);
  expect(broken.faults).toHaveLength(1);
});

test('one that is broken off meanwhile hears of the end of what it has begun, so that it can give back what that holds', async () => {
  let held = 0;
  const counting = instanceOf({
    request: () => void (held += 1),
    response: () => void (counting.isResting = true),
    log: () => void (held -= 1),
  });
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(counting) });
  await (await connectRaw(proxy.port)).request(get('/'));
  await entry(proxy);
  expect([counting.calls.request, held]).toEqual([1, 0]);
});

test('a plugin that is broken off is passed over, or fails its exchanges, as onError says', async () => {
  const backend = await startRawBackend();
  const skipped = instanceOf({ request: () => ({ status: 403 }) }, { kind: 'skip' });
  skipped.isResting = true;
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(skipped) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(200);
  const failing = instanceOf({ request: () => ({ status: 403 }) }, { kind: 'fail', status: 502 });
  failing.isResting = true;
  const other = await startProxy({ backendPort: backend.port, plugins: chainOf(failing) });
  expect((await (await connectRaw(other.port)).request(get('/'))).status).toBe(502);
  expect([skipped.calls.request, failing.calls.request]).toEqual([0, 0]);
});
