import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { stalled } from './fill-buffers.ts';
import { entry, startProxy } from './setup.ts';

const PIECE = Buffer.alloc(1 << 20, 'x');
const PIECES = 50;
const TOTAL = PIECE.length * PIECES;
/** What the kernel may hold of it in four socket buffers, and Node on top; far below the whole. */
const HELD = 30 << 20;

test.each(['Content-Length: 52428800', 'Transfer-Encoding: chunked'])(
  'a client that does not read stops the backend (%s)',
  async (framing) => {
    const chunked = framing.startsWith('T');
    const backend = await startRawBackend((request) => {
      if (request.target === '/big') request.reply(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
    });
    const proxy = await startProxy({ backendPort: backend.port });
    const client = await connectRaw(proxy.port);
    client.keepsData = false;
    client.socket.pause();
    client.send(get('/big'));
    const { connection } = await backend.request(0);
    const piece = chunked ? Buffer.concat([Buffer.from('100000\r\n'), PIECE, Buffer.from('\r\n')]) : PIECE;
    const poured = connection.pour(piece, PIECES).then(() => chunked && connection.send('0\r\n\r\n'));
    expect(await stalled(connection)).toBeLessThan(HELD);
    client.socket.resume();
    await poured;
    await client.until(() => (client.bytesReceived > TOTAL ? true : null), 'everything');
    const { responseBytes, error } = await entry(proxy);
    expect([responseBytes, error]).toEqual([TOTAL, null]);
    // Neither connection is left paused.
    client.keepsData = true;
    client.send(get('/next'));
    (await backend.request(1)).reply(ok('the next answer'));
    await client.until(() => (client.buffered.endsWith('the next answer') ? true : null), 'the next answer');
    expect(backend.connections).toHaveLength(1);
  },
);

test('a backend that does not read stops the client', async () => {
  const backend = await startRawBackend((request) => {
    request.connection.keepsData = false;
    request.connection.socket.pause();
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`);
  const { connection } = await backend.request(0);
  const poured = client.pour(PIECE, PIECES);
  expect(await stalled(client)).toBeLessThan(HELD);
  connection.socket.resume();
  expect(await poured).toBe(TOTAL);
  await connection.until(() => (connection.bytesReceived >= TOTAL ? true : null), 'everything');
  connection.send(ok('got it'));
  expect((await client.answer()).body).toBe('got it');
  expect((await entry(proxy)).requestBytes).toBe(TOTAL);
});
