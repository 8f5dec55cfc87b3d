import { expect, test } from 'vitest';
import concurrencyLimit from '../../../plugins/builtin/concurrency-limit/concurrency-limit.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

test.each([
  ['nothing more', get('/')],
  ['a body that nobody reads', post('/', 'x'.repeat(10_000))],
  ['a part of a body', post('/', 'x'.repeat(10_000)).slice(0, -1)],
  ['its next request', get('/').repeat(2)],
])(
  'a client that has sent %s and leaves gives up its place in the queue of concurrency-limit at once',
  async (_, request) => {
    const backend = await startRawBackend(() => {});
    const plugin = instanceOf(
      await hooksOf(concurrencyLimit, { max: 1, queue: { length: 5, timeout: '1h' } }),
    );
    const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(plugin) });
    const first = await connectRaw(proxy.port);
    first.send(get('/'));
    const held = await backend.request(0);
    const waiting = (): unknown => plugin.hooks.status?.()['waiting'];
    const gone = await connectRaw(proxy.port);
    gone.send(request);
    await poll(() => waiting() === 1);
    gone.socket.end();
    await poll(() => waiting() === 0);
    expect((await entry(proxy)).error).toBe('client-abort');
    held.reply(ok('done'));
    expect((await first.answer()).body).toBe('done');
    expect([backend.requests.length, plugin.faults]).toEqual([1, []]);
  },
);
