import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { clientHello } from '../../support/client-hello.ts';
import { poll } from '../../support/poll.ts';
import { RawSocket } from '../../support/raw-socket.ts';
import { connectTls } from '../../support/tls-client.ts';
import { request, startHttps } from '../tls/setup.ts';

/** A plain connection to a TLS listener. */
function connectOnly(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  return socket;
}

test('a client that never begins the handshake is cut off', async () => {
  const { proxy } = await startHttps({ tls: { handshakeTimeout: '100ms' } });
  await new RawSocket(connectOnly(proxy.port)).end();
  await poll(() => proxy.service.counters.refused === 1);
});

test('a client that sends its handshake byte by byte is cut off, however busy it is', async () => {
  const { proxy } = await startHttps({ tls: { handshakeTimeout: '300ms' } });
  const slow = new RawSocket(connectOnly(proxy.port));
  // The beginning of a record of 512 bytes that is never whole.
  slow.send(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252]));
  const busy = setInterval(() => slow.send(Buffer.from([0])), 20);
  onTestFinished(() => clearInterval(busy));
  await slow.end();
  expect(proxy.service.counters.refused).toBe(1);
});

test('a client that gets our half of the handshake and never sends its own is cut off', async () => {
  const { proxy } = await startHttps({ tls: { handshakeTimeout: '300ms' } });
  const client = new RawSocket(connectOnly(proxy.port));
  client.send(await clientHello());
  await client.end();
  expect(client.buffered.startsWith('\x16\x03\x03')).toBe(true);
  expect(proxy.service.counters).toMatchObject({ refused: 1, connections: 0 });
});

test('a flood of handshakes that go nowhere takes bounded room, and those beyond are closed at once', async () => {
  const { proxy } = await startHttps({ tls: { maxHandshakes: 3, handshakeTimeout: '60s' } });
  const established = await connectTls(proxy.port);
  const flood = Array.from({ length: 10 }, () => connectOnly(proxy.port));
  let closed = 0;
  for (const socket of flood)
    socket
      .on('error', () => {})
      .on('close', () => (closed += 1))
      .resume();
  await poll(() => closed === 7);
  expect(proxy.service.counters).toMatchObject({ refused: 7, connections: 4 });
  established.send(request);
  expect((await established.answer()).status).toBe(200);
  for (const socket of flood) socket.destroy();
  await poll(() => proxy.service.counters.connections === 1);
  await connectTls(proxy.port);
});

test('what is no TLS ends at once, and says nothing', async () => {
  const { proxy } = await startHttps();
  const plain = new RawSocket(connectOnly(proxy.port));
  plain.send(request);
  await plain.end();
  expect(plain.buffered).not.toContain('HTTP/');
});
