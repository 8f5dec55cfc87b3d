import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Flag, FrameType, PREFACE } from '../../../core/http2/frame-types.ts';
import { block, data, frame, frameClient, GET, headers, POST, settings } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';

function listener(timeouts: Record<string, string>): Record<string, unknown> {
  return { http2: true, timeouts };
}

test.each([
  ['nothing', ''],
  ['half a preface', PREFACE.slice(0, 8)],
  ['a preface without SETTINGS', PREFACE],
])('a client that sends %s and stalls is closed', async (_name, text) => {
  const proxy = await startProxy({ listener: listener({ header: '100ms' }) });
  const socket = connect(proxy.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let ended = false;
  socket.on('end', () => (ended = true));
  socket.resume();
  socket.write(text);
  await poll(() => ended);
});

test('SETTINGS that are never acknowledged: SETTINGS_TIMEOUT', async () => {
  const proxy = await startProxy({ listener: listener({ header: '100ms' }) });
  const client = await frameClient(proxy.port, false);
  client.send(Buffer.from(PREFACE), settings());
  expect(await client.goAway()).toBe(4);
  await client.waitForClose();
});

test.each([
  ['header block', frame(FrameType.Headers, 0, 1, block(GET))],
  ['frame', headers(1, GET).subarray(0, 15)],
])('a half-sent %s ends the connection', async (_name, bytes) => {
  const proxy = await startProxy({ listener: listener({ header: '100ms' }) });
  const client = await frameClient(proxy.port);
  client.send(bytes);
  expect(await client.goAway()).toBe(1);
  await client.waitForClose();
});

test('a connection without streams ends after the idle timeout, PING or not', async () => {
  const proxy = await startProxy({ listener: listener({ idle: '150ms' }) });
  const client = await frameClient(proxy.port);
  client.send(frame(FrameType.Ping, 0, 0, 'abcdefgh'));
  expect(await client.goAway()).toBe(0);
  await client.waitForClose();
});

test('a body that stalls is answered 408, and the connection goes on', async () => {
  const backend = await startRawBackend((request) => {
    if (request.method === 'GET') request.reply(ok('hello'));
  });
  const proxy = await startProxy({ backendPort: backend.port, listener: listener({ body: '100ms' }) });
  const client = await frameClient(proxy.port);
  client.send(headers(1, POST, false), data(1, 'abc', false));
  expect((await client.answer(1)).status).toBe('408');
  client.send(headers(3, GET));
  expect((await client.answer(3)).status).toBe('200');
});

test('a window stall: the stream is reset after the write timeout, its backend let go, others served', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('x'.repeat(1_000_000))));
  const proxy = await startProxy({ backendPort: backend.port, listener: listener({ write: '150ms' }) });
  const client = await frameClient(proxy.port, false);
  client.send(
    Buffer.from(PREFACE),
    settings([4, 0]),
    frame(FrameType.Settings, Flag.Ack, 0),
    headers(1, GET),
  );
  expect(await client.reset(1)).toBe(8);
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]).toMatchObject({ error: 'client-write-timeout', status: 200 });
  expect(client.closed).toBe(false);
});
