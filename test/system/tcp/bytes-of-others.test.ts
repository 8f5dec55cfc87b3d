import { setImmediate as nextStep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Socket } from 'node:net';
import { stalled } from '../../integration/http1/fill-buffers.ts';
import { join } from '../../integration/tcp/splice-setup.ts';

const CONNECTIONS = 6;
const PIECE_BYTES = 1 << 20;
const PIECES = 12;
/** Which is read by itself, into the buffer of all. */
const SMALL_BYTES = 8192;

async function trickle(socket: Socket, byte: number): Promise<void> {
  const piece = Buffer.alloc(SMALL_BYTES, byte);
  for (let sent = 0; sent < PIECE_BYTES * PIECES; sent += SMALL_BYTES) {
    socket.write(piece);
    await nextStep();
  }
}

test('no connection gets the bytes of another one, whose receiver is slow', async () => {
  const joined = await Promise.all(Array.from({ length: CONNECTIONS }, () => join()));
  const foreign = joined.map(() => 0);
  const poured = joined.map(({ client, backend }, index) => {
    backend.keepsData = false;
    backend.socket.on('data', (piece: Buffer) => {
      for (const byte of piece) if (byte !== index + 1) foreign[index] = (foreign[index] ?? 0) + 1;
    });
    // Every other one takes nothing until all are stuck that can be, and half of those are sent small pieces.
    if (index % 2 === 0) backend.socket.pause();
    const sent =
      index % 4 === 0
        ? trickle(client.socket, index + 1)
        : client.pour(Buffer.alloc(PIECE_BYTES, index + 1), PIECES);
    return sent.then(() => client.socket.end());
  });
  for (const { client } of joined.filter((_, index) => index % 2 === 0)) await stalled(client);
  for (const { backend } of joined) backend.socket.resume();
  await Promise.all(poured);
  for (const { backend } of joined) {
    expect(await backend.end()).toBe('fin');
    expect(backend.bytesReceived).toBe(PIECE_BYTES * PIECES);
    backend.socket.end();
  }
  expect(foreign).toEqual(joined.map(() => 0));
});
