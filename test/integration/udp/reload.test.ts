import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

function site(ports: readonly number[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    site: { backends: ports.map((port) => ({ address: `127.0.0.1:${port}`, ...more })), healthCheck: false },
  };
}

test('sessions outlive a reload, with their sockets', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const client = await UdpPeer.open();
  await client.ask('1', path.port);
  path.reload({});
  await client.ask('2', path.port);
  expect(backend.received[1]?.port).toBe(backend.received[0]?.port);
  expect(path.counters.accepted).toBe(1);
});

test('a session keeps its backend when a reload adds another one', async () => {
  const first = await echoBackend('b1');
  const others = await Promise.all([2, 3, 4, 5].map((i) => echoBackend(`b${i}`)));
  const path = new UdpTestPath({ backendPorts: [first.port] });
  const clients = await Promise.all(Array.from({ length: 10 }, () => UdpPeer.open()));
  for (const client of clients) await client.ask('1', path.port);
  path.reload({ backendPorts: [first.port, ...others.map(({ port }) => port)] });
  for (const client of clients) expect((await client.ask('2', path.port)).text).toBe('b1 2');
});

test('the backend of a session is taken out: it goes on for `drainTimeout`, then the next datagram goes to another one', async () => {
  const [b1, b2] = [await echoBackend('b1'), await echoBackend('b2')];
  const listener = { drainTimeout: '300ms' };
  const path = new UdpTestPath({ upstreams: site([b1.port]), listener });
  const client = await UdpPeer.open();
  await client.ask('1', path.port);
  path.reload({ upstreams: site([b2.port]), listener });
  expect((await client.ask('2', path.port)).text).toBe('b1 2');
  expect(await poll(() => path.entries[0])).toMatchObject({ end: 'drained', datagramsFromClient: 2 });
  expect((await client.ask('3', path.port)).text).toBe('b2 3');
});

test('a backend in `drain` keeps its sessions, one in `maintenance` for `drainTimeout`', async () => {
  const b1 = await echoBackend('b1');
  const listener = { drainTimeout: '200ms' };
  const path = new UdpTestPath({ upstreams: site([b1.port]), listener });
  const client = await UdpPeer.open();
  await client.ask('1', path.port);
  path.reload({ upstreams: site([b1.port], { state: 'drain' }), listener });
  expect((await client.ask('2', path.port)).text).toBe('b1 2');
  path.reload({ upstreams: site([b1.port], { state: 'maintenance' }), listener });
  expect(await poll(() => path.entries[0])).toMatchObject({ end: 'drained', datagramsFromClient: 2 });
});

test('draining takes no new sessions, closes none before `drainTimeout`, and is over when the last one is', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { responses: 2 } });
  const [client, late] = [await UdpPeer.open(), await UdpPeer.open()];
  backend.onDatagram = ({ text }) =>
    text === 'last' ? ['b1 last', 'b1 more', 'b1 more', 'b1 end'] : `b1 ${text}`;
  await client.ask('1', path.port);
  const drained = path.listener.drain();
  late.send('too late', path.port);
  await poll(() => path.drops()['draining'] === 1);
  expect((await client.ask('last', path.port)).text).toBe('b1 last');
  await drained;
  expect(path.entries).toMatchObject([{ end: 'responses' }]);
  expect(late.received).toEqual([]);
});

test('draining ends what is left after `drainTimeout`', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { drainTimeout: '200ms' } });
  await (await UdpPeer.open()).ask('1', path.port);
  await path.listener.drain();
  expect(path.entries).toMatchObject([{ end: 'drained' }]);
});

test('what a snapshot holds is let go of at a reload, though its sessions go on', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const client = await UdpPeer.open();
  await client.ask('1', path.port);
  let released = false;
  const { usage } = path.listener.service;
  path.reload({});
  usage.retire(() => {
    released = true;
  });
  expect(released).toBe(true);
  expect((await client.ask('2', path.port)).text).toBe('b1 2');
});

test('a worker that goes while others stay begins sessions as long as it drains: their datagrams come to nobody else', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { drainTimeout: '400ms' } });
  await (await UdpPeer.open()).ask('1', path.port);
  const drained = path.listener.drain(Number.POSITIVE_INFINITY, true);
  expect((await (await UdpPeer.open()).ask('2', path.port)).text).toBe('b1 2');
  await drained;
  expect(path.entries.map(({ end }) => end)).toEqual(['drained', 'drained']);
});

test('a session that has left a backend which is taken out stays where it went', async () => {
  const [b1, b2] = [await echoBackend('b1'), await echoBackend('b2')];
  const listener = { drainTimeout: '300ms' };
  const path = new UdpTestPath({ upstreams: site([b1.port]), listener });
  const client = await UdpPeer.open();
  await client.ask('1', path.port);
  path.reload({ upstreams: site([b2.port]), listener });
  const endMs = performance.now() + 800;
  b1.close();
  await poll(async () => {
    await client.sent('2', path.port);
    return client.texts.includes('b2 2') && performance.now() > endMs;
  });
  expect(path.entries).toEqual([]);
  expect(new Set(b2.received.map(({ port }) => port)).size).toBe(1);
});

test('a session whose first datagram was beyond the bandwidth goes to a backend that there is when the next one comes', async () => {
  const [b1, b2] = [await echoBackend('b1'), await echoBackend('b2')];
  const path = new UdpTestPath({ upstreams: site([b1.port]), listener: { bandwidth: '1KiB/s' } });
  const [first, client] = [await UdpPeer.open(), await UdpPeer.open()];
  await first.sent(Buffer.alloc(20_000), path.port);
  await client.sent('1', path.port);
  await poll(() => path.drops()['bandwidth'] === 1);
  path.reload({ upstreams: site([b2.port]), listener: {} });
  expect((await client.ask('2', path.port)).text).toBe('b2 2');
});
