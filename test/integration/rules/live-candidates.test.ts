import { expect, test } from 'vitest';
import { ok } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';
import { startNumbered } from '../balance/setup.ts';
import { loadSandbox } from './load-sandbox.ts';

test('`pick` sees what the backends do: under way, done, failed, how fast, weight, health', async () => {
  // The first call compiles the handler, which takes a busy machine longer than the usual limit.
  const { script, logs } = await loadSandbox(
    `export default defineRules({
      pick(candidates, req) {
        console.log(JSON.stringify(candidates));
        return Number(req.query.get('to'));
      },
    });`,
    { timeLimitMs: 1000 },
  );
  let hold = (): void => {};
  const backends = await startNumbered(2, (number) => (request) => {
    if (request.target.startsWith('/held')) hold = () => request.reply(ok('held'));
    else if (request.target.startsWith('/broken')) request.connection.socket.resetAndDestroy();
    else request.reply(ok(String(number)));
  });
  const proxy = await startProxy({
    rules: script,
    upstreams: {
      site: {
        retries: { attempts: 1 },
        backends: backends.map(({ port }, i) => ({ address: `127.0.0.1:${port}`, weight: i + 1 })),
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/?to=1'))).body).toBe('1');
  expect((await client.request(get('/broken?to=1'))).status).toBe(502);
  const other = await connectRaw(proxy.port);
  other.send(get('/held?to=0'));
  await backends[0]?.request(0);
  expect((await client.request(get('/?to=1'))).body).toBe('1');
  hold();
  await other.answer();

  const seen: unknown = JSON.parse(logs.at(-1)?.replace(/^[^[]*/, '') ?? '');
  const idle = { health: 'up', inFlight: 0, errors: 0 };
  expect(seen).toEqual([
    {
      ...idle,
      address: `127.0.0.1:${backends[0]?.port}`,
      weight: 1,
      inFlight: 1,
      requests: 1,
      latency: null,
    },
    {
      ...idle,
      address: `127.0.0.1:${backends[1]?.port}`,
      weight: 2,
      // The broken one was sent once more, over a fresh connection, which counts for nothing.
      requests: 2,
      errors: 1,
      latency: expect.any(Number),
    },
  ]);
});
