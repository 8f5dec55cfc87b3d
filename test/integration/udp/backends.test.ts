import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

async function two(listener: Record<string, unknown> = {}, upstream: Record<string, unknown> = {}) {
  const backends = [await echoBackend('b1'), await echoBackend('b2')] as const;
  const path = new UdpTestPath({
    listener,
    upstreams: {
      site: {
        backends: backends.map(({ port }) => ({ address: `127.0.0.1:${port}` })),
        healthCheck: false,
        ...upstream,
      },
    },
  });
  return { backends, path };
}

/** The first word of each answer: who gave it. */
async function askedOf(client: UdpPeer, port: number, times: number): Promise<string[]> {
  const names: string[] = [];
  for (let i = 0; i < times; i++) names.push((await client.ask(`${i}`, port)).text.split(' ')[0] ?? '');
  return names;
}

test('a client keeps its backend, whatever comes in between', async () => {
  const { path } = await two();
  const clients = await Promise.all(Array.from({ length: 20 }, () => UdpPeer.open()));
  const before = await Promise.all(clients.map((client) => askedOf(client, path.port, 1)));
  const after = await Promise.all(clients.map((client) => askedOf(client, path.port, 1)));
  expect(after).toEqual(before);
  expect(new Set(before.flat())).toEqual(new Set(['b1', 'b2']));
});

test('the backend follows from address and port: a new session of the same client has the same one', async () => {
  const { path } = await two({ responses: 1 });
  const client = await UdpPeer.open();
  expect(new Set(await askedOf(client, path.port, 8)).size).toBe(1);
  expect(path.counters.accepted).toBe(8);
});

test("with `consistent: false` the upstream's scheduler picks for each session", async () => {
  const { path } = await two({ responses: 1, consistent: false });
  const client = await UdpPeer.open();
  expect((await askedOf(client, path.port, 4)).toSorted()).toEqual(['b1', 'b1', 'b2', 'b2']);
});

test('with `sticky: false` every datagram is scheduled by itself, and all replies come', async () => {
  const { path } = await two({ sticky: false });
  const client = await UdpPeer.open();
  expect((await askedOf(client, path.port, 6)).toSorted()).toEqual(['b1', 'b1', 'b1', 'b2', 'b2', 'b2']);
  expect(path.counters.open).toBe(2);
});

test('a scheduler that goes by the source has all sessions of an address at one backend', async () => {
  const { path } = await two({}, { scheduler: { type: 'consistent-hash', key: 'source' } });
  const clients = await Promise.all(Array.from({ length: 10 }, () => UdpPeer.open()));
  const names = await Promise.all(clients.map((client) => askedOf(client, path.port, 1)));
  expect(new Set(names.flat()).size).toBe(1);
});

test('a backend where nobody listens is left for another one, and the failure is held against it', async () => {
  const { path, backends } = await two();
  const clients = await Promise.all(Array.from({ length: 6 }, () => UdpPeer.open()));
  const first = await Promise.all(clients.map((client) => askedOf(client, path.port, 1)));
  backends[0].close();
  for (const [i, client] of clients.entries()) {
    if (first[i]?.[0] !== 'b1') continue;
    // The first datagram brings the ICMP message, the next one goes elsewhere.
    await poll(async () => {
      client.send('again', path.port);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return client.texts.includes('b2 again');
    });
  }
  const [b1] = [...(path.listener.service.upstreams.get('site')?.backends ?? [])];
  expect(b1?.runtime.errors).toBeGreaterThan(0);
  expect(b1?.runtime.inFlight).toBe(0);
});

test('enough refusals and a backend is left out for new clients', async () => {
  const gone = await UdpPeer.open();
  const { port } = gone;
  gone.close();
  const backend = await echoBackend('b2');
  const path = new UdpTestPath({
    listener: { consistent: false },
    upstreams: {
      site: {
        backends: [{ address: `127.0.0.1:${port}` }, { address: `127.0.0.1:${backend.port}` }],
        healthCheck: false,
        passiveHealth: { failures: 2, maxEjected: 1 },
      },
    },
  });
  await poll(async () => {
    (await UdpPeer.open()).send('x', path.port);
    return path.listener.service.upstreams.get('site')?.backends[0]?.runtime.ejected;
  });
});

test('a session whose backend is down goes to another one with the next datagram', async () => {
  const { path, backends } = await two();
  const client = await UdpPeer.open();
  const [name] = await askedOf(client, path.port, 1);
  const port = backends[name === 'b1' ? 0 : 1].port;
  path.registry.setHealth([
    {
      upstream: 'site',
      backend: `127.0.0.1:${port}`,
      health: 'down',
      reportedState: 'ready',
      reportedWeight: null,
    },
  ]);
  expect(await askedOf(client, path.port, 1)).toEqual([name === 'b1' ? 'b2' : 'b1']);
});

test('where all places of a backend are taken, datagrams are dropped with the reason', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({
    upstreams: {
      site: { backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }], healthCheck: false },
    },
  });
  await (await UdpPeer.open()).ask('1', path.port);
  (await UdpPeer.open()).send('2', path.port);
  await poll(() => path.drops()['backend-full'] === 1);
  expect(backend.texts).toEqual(['1']);
});

test('where no backend takes sessions, datagrams are dropped, and the log says why', async () => {
  const path = new UdpTestPath({
    upstreams: { site: { backends: [{ address: '127.0.0.1:9', weight: 0 }], healthCheck: false } },
  });
  (await UdpPeer.open()).send('1', path.port);
  await poll(() => path.drops()['no-backend'] === 1);
  expect(path.entries).toMatchObject([{ end: 'failed', error: 'no-backend' }]);
});

test('where an upstream has no backend, the one that stands in for it serves, until it has one again', async () => {
  const [site, spare] = [await echoBackend('site'), await echoBackend('spare')];
  const path = new UdpTestPath({
    listener: { responses: 1 },
    upstreams: {
      site: { backends: [{ address: `127.0.0.1:${site.port}` }], fallback: 'spare', healthCheck: false },
      spare: { backends: [{ address: `127.0.0.1:${spare.port}` }], healthCheck: false },
    },
  });
  const client = await UdpPeer.open();
  const setHealth = (health: 'up' | 'down'): void => {
    const backend = `127.0.0.1:${site.port}`;
    path.registry.setHealth([
      { upstream: 'site', backend, health, reportedState: 'ready', reportedWeight: null },
    ]);
  };
  setHealth('down');
  expect(await askedOf(client, path.port, 1)).toEqual(['spare']);
  setHealth('up');
  expect(await askedOf(client, path.port, 1)).toEqual(['site']);
  expect(path.entries.map(({ upstream }) => upstream)).toEqual(['spare', 'site']);
});

test("an upstream's sticky sessions by source have all sessions of an address at one backend", async () => {
  const { path } = await two({}, { sticky: { type: 'source' } });
  const clients = await Promise.all(Array.from({ length: 10 }, () => UdpPeer.open()));
  const names = await Promise.all(clients.map((client) => askedOf(client, path.port, 1)));
  expect(new Set(names.flat()).size).toBe(1);
});

test('a session ends as unreachable when its only backend never was there', async () => {
  const gone = await UdpPeer.open();
  const { port } = gone;
  gone.close();
  const path = new UdpTestPath({ backendPorts: [port], listener: { timeouts: { idle: '150ms' } } });
  const client = await UdpPeer.open();
  client.send('1', path.port);
  const entry = await poll(() => path.entries[0]);
  expect(entry).toMatchObject({ end: 'unreachable', error: 'connect-failed', backend: `127.0.0.1:${port}` });
  expect(entry.errorDetail).toContain('ECONNREFUSED');
});

test('with `sticky: false` a client goes on where all places are taken, one of them by its own session', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({
    listener: { sticky: false },
    upstreams: {
      site: { backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }], healthCheck: false },
    },
  });
  const [client, other] = [await UdpPeer.open(), await UdpPeer.open()];
  expect(await askedOf(client, path.port, 3)).toEqual(['b1', 'b1', 'b1']);
  other.send('x', path.port);
  await poll(() => path.drops()['backend-full'] === 1);
});
