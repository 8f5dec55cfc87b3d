import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import type { RawSocket } from '../../support/raw-socket.ts';
import { openRawWebSocket } from './setup.ts';

const TOTAL = 64 << 20;

test.each(['client', 'backend'] as const)('a %s that reads nothing stops the other end', async (slow) => {
  const { client, backend } = await openRawWebSocket();
  const [reader, writer]: [RawSocket, RawSocket] = slow === 'client' ? [client, backend] : [backend, client];
  reader.keepsData = false;
  const { bytesReceived } = reader;
  reader.socket.pause();
  const poured = writer.pour(Buffer.alloc(1 << 20), TOTAL >> 20);
  let before = -1;
  // The kernel's buffers fill, then nothing moves any more.
  await poll(async () => {
    const now = writer.socket.bytesWritten - writer.socket.writableLength;
    const stopped = now === before && writer.socket.writableLength > 0;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return stopped;
  });
  expect(before).toBeLessThan(TOTAL * 0.7);
  reader.socket.resume();
  expect(await poured).toBe(TOTAL);
  await reader.until(() => (reader.bytesReceived - bytesReceived >= TOTAL ? true : null), 'the rest');
});
