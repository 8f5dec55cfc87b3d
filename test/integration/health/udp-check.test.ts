import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { probe } from './probe.ts';

async function startUdp(
  host: string,
  onMessage: (socket: Socket, text: string, port: number) => void,
): Promise<number> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  socket.on('message', (message, { port }) => onMessage(socket, message.toString('latin1'), port));
  socket.bind(0, host);
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return socket.address().port;
}

const check = { type: 'udp', send: 'PING', timeout: '150ms' };

test.each(['127.0.0.1', '::1'])('who answers is up: %s', async (host) => {
  const port = await startUdp(host, (socket, text, from) => socket.send(`${text} PONG`, from, host));
  const address = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
  expect(await probe(address, check)).toEqual({ ok: true, reason: 'answered' });
  expect(await probe(address, { ...check, expect: 'PING PONG' })).toEqual({
    ok: true,
    reason: 'answered as expected',
  });
});

test('who says nothing is up unless an answer is expected', async () => {
  const port = await startUdp('127.0.0.1', () => undefined);
  expect(await probe(`127.0.0.1:${port}`, check)).toEqual({ ok: true, reason: 'nothing speaks against it' });
  expect(await probe(`127.0.0.1:${port}`, { ...check, expect: 'PONG' })).toEqual({
    ok: false,
    reason: 'the expected answer did not come within 150 ms',
  });
});

test('another answer than the expected one is none', async () => {
  const port = await startUdp('127.0.0.1', (socket, _, from) => socket.send('no', from, '127.0.0.1'));
  expect(await probe(`127.0.0.1:${port}`, { ...check, expect: 'PONG' })).toMatchObject({ ok: false });
});

test('a port that is unreachable is down at once', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  expect(await probe(`127.0.0.1:${port}`, { ...check, timeout: '10s' })).toEqual({
    ok: false,
    reason: 'connection refused',
  });
});
