import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

test('a datagram goes to the backend, and the reply comes from the address that the client sent to', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const client = await UdpPeer.open();
  expect(await client.ask('hello', path.port)).toEqual({
    text: 'b1 hello',
    address: '127.0.0.1',
    port: path.port,
  });
});

test('the datagrams of a client come from one socket, those of two clients from two', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const [one, two] = [await UdpPeer.open(), await UdpPeer.open()];
  await one.ask('1', path.port);
  await two.ask('2', path.port);
  await one.ask('3', path.port);
  const [first, second, third] = backend.received;
  expect(third?.port).toBe(first?.port);
  expect(second?.port).not.toBe(first?.port);
});

test('empty datagrams pass, both ways', async () => {
  const backend = await UdpPeer.open();
  backend.onDatagram = () => Buffer.alloc(0);
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const client = await UdpPeer.open();
  expect((await client.ask('', path.port)).text).toBe('');
  expect(backend.texts).toEqual(['']);
});

test('the largest datagram that UDP has passes, both ways', async () => {
  const backend = await UdpPeer.open();
  backend.onDatagram = ({ text }) => Buffer.from(text, 'latin1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const client = await UdpPeer.open();
  const data = Buffer.alloc(65_507, 'x');
  expect((await client.ask(data, path.port)).text).toBe(data.toString('latin1'));
});

test('the backend may send as often as it likes, at any time', async () => {
  const backend = await UdpPeer.open();
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const client = await UdpPeer.open();
  client.send('subscribe', path.port);
  const { port } = await backend.next(0);
  for (const text of ['one', 'two', 'three']) backend.send(text, port);
  await poll(() => client.received.length === 3);
  expect(client.texts).toEqual(['one', 'two', 'three']);
});

test('IPv6 clients reach IPv4 backends, and the other way round', async () => {
  const four = await echoBackend('four');
  const six = await UdpPeer.open('::1');
  six.onDatagram = ({ text }) => `six ${text}`;
  const toFour = new UdpTestPath({ backendPorts: [four.port] });
  const port = toFour.listen('::1', 0);
  const client = await UdpPeer.open('::1');
  expect(await client.ask('a', port, '::1')).toEqual({ text: 'four a', address: '::1', port });
  const toSix = new UdpTestPath({
    upstreams: { site: { backends: [{ address: `[::1]:${six.port}` }], healthCheck: false } },
  });
  expect((await (await UdpPeer.open()).ask('b', toSix.port)).text).toBe('six b');
});

test('IPv4 clients of a dual-stack socket are IPv4 clients', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { timeouts: { idle: '200ms' } } });
  const port = path.listen('::', 0);
  const client = await UdpPeer.open();
  expect((await client.ask('hello', port)).text).toBe('b1 hello');
  const entry = await poll(() => path.entries[0]);
  expect(entry).toMatchObject({ client: '127.0.0.1', clientPort: client.port });
});

test('a session ends when nothing comes either way for `timeouts.idle`, with one log entry', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { timeouts: { idle: '200ms' } } });
  const client = await UdpPeer.open();
  await client.ask('hello', path.port);
  await client.ask('you', path.port);
  const entry = await poll(() => path.entries[0]);
  expect(entry).toMatchObject({
    protocol: 'udp',
    listener: 'test',
    upstream: 'site',
    backend: `127.0.0.1:${backend.port}`,
    attempts: 1,
    datagramsFromClient: 2,
    datagramsFromBackend: 2,
    bytesFromClient: 8,
    bytesFromBackend: 14,
    end: 'idle',
    error: null,
  });
  expect(path.counters.open).toBe(0);
  expect(path.registry.inMaintenance().no.map(({ inFlight }) => inFlight)).toEqual([0]);
});
