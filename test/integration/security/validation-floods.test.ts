import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { clientHello } from '../../support/client-hello.ts';
import { poll } from '../../support/poll.ts';
import { connectTls } from '../../support/tls-client.ts';
import { challenges, validate } from '../challenges/setup.ts';
import { startHttps } from '../tls/setup.ts';

const validatorHello = await clientHello({ servername: 'site.test', ALPNProtocols: ['acme-tls/1'] });

/** Says the hello of a CA and nothing more. */
async function beginValidation(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}).resume();
  await once(socket, 'connect');
  socket.write(validatorHello);
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  // Not by `once`, which rejects where the connection was reset.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

test('handshakes for a challenge that never end have the bounds of all handshakes', async () => {
  const { proxy } = await startHttps({ tls: { maxHandshakes: 3, handshakeTimeout: '500ms' } });
  proxy.challenges.use(challenges);
  const flood = await Promise.all(Array.from({ length: 10 }, () => beginValidation(proxy.port)));
  // Those beyond the bound at once, the others when their time is over.
  await poll(() => proxy.service.counters.refused === 7);
  await Promise.all(flood.map(closed));
  expect(proxy.service.counters).toMatchObject({ connections: 0, refused: 7 });
  expect((await validate(proxy.port)).alpnProtocol).toBe('acme-tls/1');
});

test('they count towards the connections that a client may have', async () => {
  const { proxy } = await startHttps({ listener: { limits: { connectionsPerClient: 2 } } });
  proxy.challenges.use(challenges);
  const first = await beginValidation(proxy.port);
  const second = await beginValidation(proxy.port);
  await poll(() => first.bytesRead > 0 && second.bytesRead > 0);
  expect(proxy.service.counters.connections).toBe(0);
  const third = await beginValidation(proxy.port);
  await closed(third);
  expect([third.bytesRead, proxy.service.counters.refused]).toEqual([0, 1]);
  first.destroy();
  second.destroy();
  expect((await poll(() => connectTls(proxy.port).catch(() => null))).certificateName).toBe('one.test');
});

test('1,000 hellos for names without a challenge are refused one by one, and no certificate is looked for', async () => {
  const { proxy } = await startHttps();
  const socket = async (): Promise<void> => {
    const one = await beginValidation(proxy.port);
    await closed(one);
    expect(one.bytesRead).toBe(7);
  };
  for (let batch = 0; batch < 20; batch += 1) await Promise.all(Array.from({ length: 50 }, socket));
  expect(proxy.service.counters).toMatchObject({ connections: 0, refused: 1000 });
  expect(proxy.certificates?.asked).toEqual(['']);
});

test('a client that goes on after the handshake of a challenge is not heard', async () => {
  const { proxy, backend } = await startHttps();
  proxy.challenges.use(challenges);
  const validator = await validate(proxy.port, { servername: 'site.test' });
  validator.on('error', () => {});
  validator.write('GET / HTTP/1.1\r\nHost: one.test\r\n\r\n');
  let received = 0;
  validator.on('data', (piece: Buffer) => (received += piece.length));
  await once(validator, 'close');
  expect([received, backend.requests.length, proxy.service.counters.requests]).toEqual([0, 0, 0]);
});
