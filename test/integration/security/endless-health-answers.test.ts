import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { probe } from '../health/probe.ts';

/** Sends `piece` again and again, to whoever connects, until the connection is gone. */
async function startEndless(piece: string): Promise<{ address: string; sent: () => Promise<number> }> {
  const pours: Promise<number>[] = [];
  const backend = await startRawBackend(undefined, (connection) => {
    pours.push(connection.pour(Buffer.from(piece.repeat(16_384 / piece.length), 'latin1'), 100_000));
  });
  return {
    address: `127.0.0.1:${backend.port}`,
    sent: async () => (await Promise.all(pours)).reduce((sum, bytes) => sum + bytes, 0),
  };
}

test.each<[what: string, check: object, piece: string]>([
  ['a head', { type: 'http' }, 'HTTP/1.1 200 OK\r\nx: y\r\nx:  '],
  ['a body', { type: 'http', body: 'fine' }, 'HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n'],
  ['early hints', { type: 'http' }, 'HTTP/1.1 103 Hi\r\n\r\n'],
  ['a handshake', { type: 'websocket' }, 'HTTP/1.1 101 Go\r\nx: y\r\nx:  '],
  ['a line of an agent', { type: 'agent' }, 'up '],
  ['a greeting', { type: 'tcp', expect: 'ready' }, 'wait '],
])('%s without end is given up after 64 KiB, long before its time is over', async (_, check, piece) => {
  const backend = await startEndless(piece);
  const result = await probe(backend.address, { ...check, timeout: '15s', interval: '15s' });
  expect(result.reason).not.toContain('within');
  // What the sockets of both sides hold on the way is not counted out.
  expect(await backend.sent()).toBeLessThan(16 * 1024 * 1024);
});

test('the body behind a good head is read up to 64 KiB, and its connection closed', async () => {
  const backend = await startEndless('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n');
  const result = await probe(backend.address, { type: 'http', timeout: '15s', interval: '15s' });
  expect(result).toEqual({ ok: true, reason: 'status 200' });
  expect(await backend.sent()).toBeLessThan(16 * 1024 * 1024);
});

test('an answer byte by byte is given up after a thousand', async () => {
  const backend = await startRawBackend(undefined, ({ socket }) => {
    socket.setNoDelay(true);
    const timer = setInterval(() => socket.write('.'), 1);
    socket.on('close', () => clearInterval(timer));
  });
  const check = { expect: 'ready', timeout: '15s', interval: '15s' };
  expect(await probe(`127.0.0.1:${backend.port}`, check)).toEqual({
    ok: false,
    reason: 'the expected answer did not come',
  });
});

test('a body without end over HTTP/2', async () => {
  const backend = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 200 });
    const pour = (): void => {
      while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
    };
    stream.on('drain', pour);
    pour();
  });
  const check = { type: 'h2', body: 'fine', timeout: '15s', interval: '15s' };
  const result = await probe(`127.0.0.1:${backend.port}`, check);
  expect(result.reason).toContain('does not hold the expected text');
});
