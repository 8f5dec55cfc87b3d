import { expect, test } from 'vitest';
import { stalled } from '../http1/fill-buffers.ts';
import { join } from './splice-setup.ts';

const KINDS = [
  { name: 'plain on both sides', clientTls: false, backendTls: false },
  { name: 'TLS with the client', clientTls: true, backendTls: false },
  { name: 'TLS with the backend', clientTls: false, backendTls: true },
  { name: 'TLS on both sides', clientTls: true, backendTls: true },
];
const EXTREMES = KINDS.filter(({ clientTls, backendTls }) => clientTls === backendTls);
const PIECE = Buffer.alloc(1 << 20);
for (let i = 0; i < PIECE.length; i++) PIECE[i] = (i * 31 + (i >> 9)) & 0xff;
const PIECES = 40;
/** What the kernel may hold of it in four socket buffers, and Node on top; far below the whole. */
const HELD = 30 << 20;

test.each(KINDS)('bytes pass in both directions, and the end of each by itself ($name)', async (kind) => {
  const { client, backend, ended } = await join(kind);
  client.send('one');
  await backend.until(() => backend.buffered === 'one' || null, 'the first bytes');
  client.socket.end('two');
  expect(await backend.end()).toBe('fin');
  expect(backend.buffered).toBe('onetwo');
  backend.send('the answer, ');
  await client.until(() => client.buffered === 'the answer, ' || null, 'an answer after its own end');
  backend.socket.end('and its end');
  expect(await client.end()).toBe('fin');
  expect(client.buffered).toBe('the answer, and its end');
  expect(await ended).toEqual({ reason: 'closed', bytesFromClient: 6, bytesFromBackend: 23 });
});

test.each(KINDS)('the backend may end its direction first ($name)', async (kind) => {
  const { client, backend, ended } = await join(kind);
  backend.socket.end('greeting');
  expect(await client.end()).toBe('fin');
  client.socket.end('late');
  expect(await backend.end()).toBe('fin');
  expect([client.buffered, backend.buffered]).toEqual(['greeting', 'late']);
  expect(await ended).toEqual({ reason: 'closed', bytesFromClient: 4, bytesFromBackend: 8 });
});

test('what was read before goes first', async () => {
  const { client, backend, ended } = await join({ readAhead: 'first, ' });
  client.socket.end('second');
  expect(await backend.end()).toBe('fin');
  expect(backend.buffered).toBe('first, second');
  backend.socket.end();
  expect((await ended).bytesFromClient).toBe(13);
});

test.each(EXTREMES)(
  'a client that does not read stops the backend, and loses nothing ($name)',
  async (kind) => {
    const { client, backend, ended } = await join(kind);
    client.socket.pause();
    const poured = backend.pour(PIECE, PIECES).then(() => backend.socket.end());
    expect(await stalled(backend)).toBeLessThan(HELD);
    client.socket.resume();
    await poured;
    expect(await client.end()).toBe('fin');
    expect(client.buffered === PIECE.toString('latin1').repeat(PIECES)).toBe(true);
    client.socket.end();
    expect((await ended).bytesFromBackend).toBe(PIECE.length * PIECES);
  },
);

test.each(EXTREMES)(
  'a backend that does not read stops the client, and loses nothing ($name)',
  async (kind) => {
    const { client, backend, ended } = await join(kind);
    backend.socket.pause();
    const poured = client.pour(PIECE, PIECES).then(() => client.socket.end());
    expect(await stalled(client)).toBeLessThan(HELD);
    backend.socket.resume();
    await poured;
    expect(await backend.end()).toBe('fin');
    expect(backend.buffered === PIECE.toString('latin1').repeat(PIECES)).toBe(true);
    backend.socket.end();
    expect((await ended).bytesFromClient).toBe(PIECE.length * PIECES);
  },
);
