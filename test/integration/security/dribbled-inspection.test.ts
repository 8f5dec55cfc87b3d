import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { startTcp } from '../../support/tcp-path.ts';
import { connectTcp } from '../../support/tcp-peers.ts';

test('a client that sends a byte just in time for each inspection is not held longer than one that sends none', async () => {
  const proxy = await startTcp({
    listener: { timeouts: { inspect: '150ms' } },
    rules: ruleScript({
      connect: ({ bytes }) => ({ kind: 'inspect', bytes: (bytes?.length ?? 0) + 1, timeoutMs: null }),
    }),
  });
  const client = await connectTcp(proxy.port);
  const dribble = setInterval(() => client.socket.write('x'), 20);
  await poll(() => proxy.entries.length === 1).finally(() => clearInterval(dribble));
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'rule-fault' });
  expect(proxy.entries[0]?.timings.total).toBeLessThan(5000);
});
