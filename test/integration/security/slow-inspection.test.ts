import { expect, test } from 'vitest';
import { clientHello } from '../../support/client-hello.ts';
import { connectTcp, received, startNamed } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

test('clients that send one byte of a ClientHello and wait hold nobody up, and go on without a name after timeouts.inspect', async () => {
  const [named, other] = [await startNamed('named'), await startNamed('other')];
  const proxy = await startTcp({
    listener: {
      sni: true,
      timeouts: { inspect: '500ms' },
      routes: [{ serverName: 'one.test', upstream: 'named' }],
    },
    upstreams: {
      named: { backends: [{ address: named.address }] },
      site: { backends: [{ address: other.address }] },
    },
  });
  const hello = await clientHello({ servername: 'one.test' });
  const startedMs = performance.now();
  const slow = await Promise.all(Array.from({ length: 20 }, () => connectTcp(proxy.port, Buffer.of(0x16))));
  const quick = await connectTcp(proxy.port, hello);
  await quick.until(() => (quick.buffered.startsWith('named\n') ? true : null), 'a greeting');
  expect(other.connections.length).toBe(0);
  for (const each of slow) await received(each, 'other\n\x16');
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(495);
});
