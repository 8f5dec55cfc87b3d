import { expect, test } from 'vitest';
import requestLimits from '../../../plugins/builtin/request-limits.ts';
import rewrite from '../../../plugins/builtin/rewrite.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

test('a client that goes on with a refused upload does not cut off the answer that says so', async () => {
  const backend = await startRawBackend(() => {});
  const answer = Promise.withResolvers<void>();
  let isAnswering = false;
  let pieces = 0;
  let closed = 0;
  const limit = instanceOf({
    requestBody: (exchange) => ({
      transform: {
        data() {
          pieces += 1;
          exchange.refuse({ status: 413, body: 'too large' });
        },
        close: () => void (closed += 1),
      },
    }),
  });
  const slow = instanceOf({
    responseBody: () => ({
      transform: {
        async data(piece, push) {
          const copy = Buffer.from(piece);
          isAnswering = true;
          await answer.promise;
          push(copy);
        },
      },
    }),
  });
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(slow, limit) });
  const client = await connectRaw(proxy.port);
  client.send(`${CHUNKED}1\r\na\r\n`);
  await poll(() => isAnswering);
  client.send('1\r\nb\r\n');
  // it has been read when the proxy answers somebody who came later
  await (await connectRaw(proxy.port)).request('GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n');
  answer.resolve();
  expect(await client.answer()).toMatchObject({ status: 413, body: 'too large' });
  expect([pieces, closed]).toEqual([1, 1]);
  expect(await entry(proxy, 2)).toMatchObject({ status: 413, error: null });
});

test('attack: an upload without a length is bounded by the path that was asked for, whatever rewrites it later', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf(
      await hooksOf(requestLimits, { path: '/upload/*', body: '1B' }),
      await hooksOf(rewrite, { rules: [{ stripPrefix: '/upload' }] }),
    ),
  });
  const client = await connectRaw(proxy.port);
  client.send(`${CHUNKED.replace('POST /', 'POST /upload/a')}9\r\ntoo large\r\n0\r\n\r\n`);
  expect((await client.answer()).status).toBe(413);
});
