import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import type { RawSocket } from '../../support/raw-socket.ts';
import { entry, startProxy } from './setup.ts';

/** What Node reads from a socket at once. */
export const READ_SIZE = 65_536;

/** A message of exactly this many bytes. */
export function fillTo(total: number, message: (body: string) => string): string {
  let body = total;
  while (message('x'.repeat(body)).length > total) body -= message('x'.repeat(body)).length - total;
  return message('x'.repeat(body));
}

const FAR_TOO_MUCH = 30_000_000;

/** Waits until a sender has bytes left that nobody takes, and returns how many it got rid of. */
export async function stalled(sender: RawSocket): Promise<number> {
  let before = -1;
  let since = Date.now();
  return poll(() => {
    const now = sender.socket.bytesWritten - sender.socket.writableLength;
    if (now !== before || sender.socket.writableLength === 0) {
      before = now;
      since = Date.now();
    }
    return Date.now() - since > 200 ? now : null;
  });
}

/** How large an answer's body is of which the proxy holds the last piece itself, when the client reads nothing. */
export async function answerThatFillsBuffers(): Promise<number> {
  const backend = await startRawBackend((request) => request.reply(ok('x'.repeat(FAR_TOO_MUCH))));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send(get('/'));
  const { connection } = await backend.request(0);
  await stalled(connection);
  client.socket.resetAndDestroy();
  return (await entry(proxy)).responseBytes;
}

/** How large a request's body is of which the proxy holds the last piece itself, when the backend reads nothing. */
export async function requestThatFillsBuffers(): Promise<number> {
  const backend = await startRawBackend((request) => void request.connection.socket.pause());
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(
    `POST / HTTP/1.1\r\nHost: example.test\r\nContent-Length: ${FAR_TOO_MUCH}\r\n\r\n${'x'.repeat(FAR_TOO_MUCH)}`,
  );
  await stalled(client);
  client.socket.resetAndDestroy();
  (await backend.request(0)).connection.socket.destroy();
  return (await entry(proxy)).requestBytes;
}
