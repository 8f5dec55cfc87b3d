import { expect, test } from 'vitest';
import bandwidthLimit from '../../../plugins/builtin/bandwidth-limit/bandwidth-limit.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

test('many who share a low rate wait for their turns for longer than a hook may take, and none fails', async () => {
  const body = 'x'.repeat(2 * 1024);
  const plugin = instanceOf(await hooksOf(bandwidthLimit, { total: { send: '16KiB' }, burst: '1KiB' }));
  const backend = await startRawBackend((request) => request.reply(ok(body)));
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { timeouts: { idle: '500ms' } },
    plugins: chainOf(plugin),
  });
  // A KiB each in turn: that of a client comes every 750 ms.
  const answers = await Promise.allSettled(
    Array.from({ length: 12 }, async () => (await (await connectRaw(proxy.port)).request(get('/'))).body),
  );
  expect(answers.map((answer) => answer.status === 'fulfilled' && answer.value === body)).toEqual(
    Array.from({ length: 12 }, () => true),
  );
  expect(plugin.faults).toEqual([]);
});
