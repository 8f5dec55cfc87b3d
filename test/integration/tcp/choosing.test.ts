import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { connectTcp, received, startNamed, type TcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

async function named(...names: string[]): Promise<TcpBackend[]> {
  return Promise.all(names.map((name) => startNamed(name)));
}

const addresses = (backends: readonly TcpBackend[]): object[] => backends.map(({ address }) => ({ address }));

/** The X.224 Connection Request with which a client of Remote Desktop begins. */
function rdpRequest(user: string): Buffer {
  const cookie = Buffer.from(`Cookie: mstshash=${user}\r\n`);
  const length = 11 + cookie.length;
  const headers = [3, 0, length >> 8, length & 0xff, length - 5, 0xe0, 0, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(headers), cookie]);
}

test('clients of Remote Desktop go by the name in their cookie, in pieces too', async () => {
  const backends = await named('a', 'b', 'c', 'd', 'e');
  const proxy = await startTcp({
    upstreams: {
      site: {
        scheduler: { type: 'consistent-hash', key: 'rdp-cookie(mstshash)' },
        backends: addresses(backends),
      },
    },
  });
  const ask = async (user: string): Promise<string> => {
    const request = rdpRequest(user);
    const client = await connectTcp(proxy.port, request.subarray(0, 20));
    await new Promise(setImmediate);
    client.send(request.subarray(20));
    const text = await received(client, '\r\n');
    expect(text.slice(2)).toBe(request.toString('latin1'));
    return text.slice(0, 1);
  };
  const users = Array.from({ length: 12 }, (_, i) => `user-${i}`);
  const first = await Promise.all(users.map(ask));
  expect(await Promise.all(users.map(ask))).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(1);
});

test('a key of the rule comes before the cookie, which is not waited for then', async () => {
  const backends = await named('a', 'b');
  const proxy = await startTcp({
    rules: ruleScript({ connect: () => ({ kind: 'forward', upstream: 'site', key: 'x' }) }),
    upstreams: {
      site: {
        scheduler: { type: 'consistent-hash', key: 'rdp-cookie(mstshash)' },
        backends: addresses(backends),
      },
    },
  });
  const client = await connectTcp(proxy.port);
  await client.until(() => (client.buffered.endsWith('\n') ? true : null), 'a name');
});

test.each([
  ['a scheduler by source', { scheduler: { type: 'consistent-hash', key: 'source' } }],
  ['sticky by source', { sticky: { type: 'source' } }],
])('a client keeps its backend: %s', async (_how, settings) => {
  const backends = await named('a', 'b', 'c', 'd');
  const proxy = await startTcp({ upstreams: { site: { ...settings, backends: addresses(backends) } } });
  const ask = async (localAddress: string): Promise<string> => {
    const client = await connectTcp({ port: proxy.port, host: '127.0.0.1', localAddress });
    return received(client, '\n');
  };
  const clients = Array.from({ length: 10 }, (_, i) => `127.0.0.${10 + i}`);
  const first = await Promise.all(clients.map(ask));
  expect(await Promise.all(clients.map(ask))).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(1);
});

test('`port: listener` connects to the port that the client connected to', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({
    upstreams: { site: { port: 'listener', backends: [{ address: '127.0.0.2:1' }] } },
    listener: { limits: { connections: 10 } },
  });
  // Nobody listens there: what is tried is told by the error.
  expect(await (await connectTcp(proxy.port)).end()).toBe('reset');
  expect(proxy.entries[0]?.errorDetail).toContain(`127.0.0.2:${proxy.port}`);
  expect(backend.connections.length).toBe(0);
});

test.each([
  ['denied', { kind: 'deny' } as const, { end: 'denied', error: null, decision: 'deny' }],
  [
    'a fault',
    { kind: 'fault', reason: 'it threw' } as const,
    { end: 'failed', error: 'rule-fault', errorDetail: 'it threw' },
  ],
  [
    'forwarded nowhere',
    { kind: 'forward', upstream: 'nobody' } as const,
    { end: 'failed', error: 'rule-fault' },
  ],
  [
    'asking for too much',
    { kind: 'inspect', bytes: 100_000, timeoutMs: null } as const,
    { end: 'failed', error: 'rule-fault' },
  ],
])('a connection is reset when the rule has it %s', async (_what, decision, expected) => {
  const backend = await startNamed('one');
  const proxy = await startTcp({
    backendPort: backend.port,
    rules: ruleScript({ connect: () => decision }),
  });
  expect(await (await connectTcp(proxy.port)).end()).toBe('reset');
  expect(await poll(() => proxy.entries[0])).toMatchObject(expected);
  expect(backend.connections.length).toBe(0);
});

test('without a route and an upstream a connection is reset', async () => {
  const proxy = await startTcp({
    listener: { upstream: undefined, sni: true, routes: [{ serverName: 'x.test', upstream: 'site' }] },
  });
  expect(await (await connectTcp(proxy.port, 'no TLS')).end()).toBe('reset');
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'no-route', upstream: null });
});

test('a rule that asks for more and more gets it, and faults when it asks again for what it has', async () => {
  const seen: (string | null)[] = [];
  const proxy = await startTcp({
    rules: ruleScript({
      connect({ bytes }) {
        seen.push(bytes);
        return { kind: 'inspect', bytes: Math.min(6, (bytes?.length ?? 0) + 3), timeoutMs: null };
      },
    }),
  });
  const client = await connectTcp(proxy.port, 'abc');
  await poll(() => seen.length === 2);
  client.send('def');
  expect(await client.end()).toBe('reset');
  expect(seen).toEqual([null, 'abc', 'abcdef']);
  expect(proxy.entries[0]).toMatchObject({ error: 'rule-fault' });
});

test('a rule that asks in vain is asked with what there is, and the backend may speak first', async () => {
  const backend = await startNamed('one');
  const seen: (string | null)[] = [];
  const proxy = await startTcp({
    backendPort: backend.port,
    listener: { sni: true, timeouts: { inspect: '30ms' } },
    rules: ruleScript({
      connect({ bytes }) {
        seen.push(bytes);
        return bytes === null ? { kind: 'inspect', bytes: 8, timeoutMs: 30 } : { kind: 'next' };
      },
    }),
  });
  const client = await connectTcp(proxy.port);
  await received(client, 'one\n');
  expect(seen).toEqual([null, '']);
});
