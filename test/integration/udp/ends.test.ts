import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

test('`responses: 1` ends a session with the answer, and what comes after it goes nowhere', async () => {
  const backend = await UdpPeer.open();
  backend.onDatagram = () => ['answer', 'more', 'and more'];
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { responses: 1 } });
  const client = await UdpPeer.open();
  expect((await client.ask('question', path.port)).text).toBe('answer');
  const entry = await poll(() => path.entries[0]);
  expect(entry).toMatchObject({ end: 'responses', datagramsFromBackend: 1 });
  // A whole round later nothing else has come.
  expect((await client.ask('again', path.port)).text).toBe('answer');
  expect(client.texts).toEqual(['answer', 'answer']);
});

test('two questions in a row have two answers with `responses: 1`: it is for each datagram of the client', async () => {
  const backend = await UdpPeer.open();
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { responses: 1 } });
  const client = await UdpPeer.open();
  client.send('one', path.port);
  client.send('two', path.port);
  await poll(() => backend.received.length === 2);
  for (const { text, port } of backend.received) backend.send(`to ${text}`, port);
  await poll(() => client.received.length === 2);
  expect(client.texts.toSorted()).toEqual(['to one', 'to two']);
  expect(await poll(() => path.entries[0])).toMatchObject({ end: 'responses', datagramsFromClient: 2 });
});

test('after `datagrams` of the client the next one begins a new session; the answers of the old one still come', async () => {
  const backend = await UdpPeer.open();
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { datagrams: 2 } });
  const client = await UdpPeer.open();
  for (const text of ['1', '2', '3']) client.send(text, path.port);
  await poll(() => backend.received.length === 3);
  const [first, second, third] = backend.received;
  expect(second?.port).toBe(first?.port);
  expect(third?.port).not.toBe(first?.port);
  for (const { text, port } of backend.received) backend.send(`to ${text}`, port);
  await poll(() => client.received.length === 3);
  expect(client.texts.toSorted()).toEqual(['to 1', 'to 2', 'to 3']);
});

test('a session that has had its `datagrams` ends when it is idle', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({
    backendPorts: [backend.port],
    listener: { datagrams: 1, timeouts: { idle: '150ms' } },
  });
  const client = await UdpPeer.open();
  await client.ask('1', path.port);
  expect(await poll(() => path.entries[0])).toMatchObject({ end: 'datagrams', datagramsFromClient: 1 });
});
