import { expect, test } from 'vitest';
import { ServiceUsage } from '../../../core/exchange/service-usage.ts';
import { poll } from '../../support/poll.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { connectTcp, received, startNamed } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

test('a connection whose listener goes away is used for drainTimeout, then closed', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ backendPort: backend.port, listener: { drainTimeout: '300ms' } });
  const client = await connectTcp(proxy.port);
  await received(client, 'one\n');
  const begunMs = performance.now();
  const drained = proxy.listener.drain();
  client.send('still here');
  await received(client, 'still here');
  await client.end();
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(295);
  client.socket.end();
  await drained;
  expect(proxy.entries[0]).toMatchObject({ end: 'drained', error: null });
});

test('one that waits for its first bytes is let go on, and ended at the same time', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({
    backendPort: backend.port,
    listener: { drainTimeout: '200ms', timeouts: { inspect: '1m' } },
    rules: ruleScript({
      connect: ({ bytes }) =>
        bytes === null ? { kind: 'inspect', bytes: 1, timeoutMs: null } : { kind: 'next' },
    }),
  });
  const [speaks, silent] = [await connectTcp(proxy.port), await connectTcp(proxy.port)];
  await poll(() => proxy.service.counters.open === 2);
  const drained = proxy.listener.drain();
  speaks.send('now');
  await received(speaks, 'now');
  expect(await silent.end()).toBe('reset');
  await speaks.end();
  speaks.socket.destroy();
  await drained;
  expect(proxy.entries.map(({ end }) => end)).toEqual(['drained', 'drained']);
});

test('all has to be over when Tidegate ends, whatever drainTimeout says', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ backendPort: backend.port, listener: { drainTimeout: '1h' } });
  const client = await connectTcp(proxy.port);
  await received(client, 'one\n');
  const drained = proxy.listener.drain(performance.now() + 100);
  await client.end();
  client.socket.destroy();
  await drained;
});

test('a backend that goes away takes its own connections along, after drainTimeout', async () => {
  const [leaves, stays] = [await startNamed('leaves'), await startNamed('stays')];
  const proxy = await startTcp({
    listener: { drainTimeout: '100ms' },
    upstreams: { site: { backends: [{ address: leaves.address }, { address: stays.address }] } },
  });
  const clients = [await connectTcp(proxy.port), await connectTcp(proxy.port)];
  const names = await Promise.all(clients.map((client) => received(client, '\n')));
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  proxy.connections.leave([runtime]);
  const gone = clients[names.indexOf('leaves\n')];
  const other = clients[names.indexOf('stays\n')];
  if (other === undefined) throw new Error('both are at one backend');
  await gone?.end();
  gone?.socket.destroy();
  other?.send('here');
  expect(await received(other, 'here')).toBe('stays\nhere');
  expect(proxy.entries.map(({ end, backend }) => [end, backend])).toEqual([['drained', leaves.address]]);
});

test('a reload keeps connections, and lets go of the snapshot that they began with', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ backendPort: backend.port });
  const client = await connectTcp(proxy.port);
  await received(client, 'one\n');
  const next = { ...proxy.service, usage: new ServiceUsage() };
  let released = false;
  proxy.listener.update(next);
  proxy.service.usage.retire(() => (released = true));
  expect(released).toBe(true);
  client.send('still here');
  await received(client, 'still here');
});

test('so does a connection that is joined to its backend after the reload', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({
    upstreams: { site: { backends: [{ address: backend.address, maxConnections: 1 }] } },
  });
  const first = await connectTcp(proxy.port);
  await received(first, 'one\n');
  const second = await connectTcp(proxy.port);
  await poll(() => proxy.upstreams.get('site')?.queue.length === 1);
  let released = false;
  proxy.listener.update({ ...proxy.service, usage: new ServiceUsage() });
  proxy.service.usage.retire(() => (released = true));
  expect(released).toBe(false);
  first.socket.end();
  await received(second, 'one\n');
  await poll(() => released);
});
