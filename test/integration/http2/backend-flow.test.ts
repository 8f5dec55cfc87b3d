import type { ServerHttp2Stream } from 'node:http2';
import { expect, test } from 'vitest';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { inFlight, site, startProxy } from '../http1/setup.ts';

const PIECE = Buffer.alloc(64 * 1024, 'x');

/** Writes whenever the stream takes more. */
function pour(stream: ServerHttp2Stream, taken: { bytes: number }): void {
  const more = (): void => {
    while (!stream.destroyed) {
      taken.bytes += PIECE.length;
      if (!stream.write(PIECE)) return;
    }
  };
  stream.on('drain', more);
  more();
}

test('clients that take nothing hold up nobody else on the connection, and no more than a window is held', async () => {
  const taken = { bytes: 0 };
  const backend = await startHttp2Backend((stream, headers) => {
    stream.respond({ ':status': 200 });
    if (headers[':path'] === '/endless') pour(stream, taken);
    else stream.end('fine');
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { protocol: 'h2c' }) });
  const deaf = await Promise.all(Array.from({ length: 20 }, () => connectRaw(proxy.port)));
  for (const client of deaf) {
    client.socket.pause();
    client.send(get('/endless'));
  }
  await poll(() => inFlight(proxy) === deaf.length);
  // Until the kernel's buffers are full and nothing moves any more.
  let before = 0;
  let unmoved = 0;
  await poll(() => {
    unmoved = taken.bytes === before ? unmoved + 1 : 0;
    before = taken.bytes;
    return unmoved === 30;
  });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 5; i++) expect((await client.request(get('/'))).body).toBe('fine');
  expect(backend.sessions).toHaveLength(1);
  for (const each of deaf) each.socket.destroy();
});

test('the next connection is opened before the last stream is taken, and requests beyond `max` are refused', async () => {
  const held: ServerHttp2Stream[] = [];
  const backend = await startHttp2Backend((stream) => held.push(stream));
  const proxy = await startProxy({
    upstreams: site([backend.port], { protocol: 'h2c', connections: { streams: 10, max: 2 } }),
  });
  const clients = await Promise.all(Array.from({ length: 21 }, () => connectRaw(proxy.port)));
  for (const [i, client] of clients.slice(0, 20).entries()) {
    client.send(get('/'));
    await poll(() => held.length === i + 1);
    if (i === 9) await poll(() => backend.sessions.length === 2);
  }
  const answer = await clients[20]?.request(get('/'));
  expect(answer?.status).toBe(503);
  for (const stream of held) stream.respond({ ':status': 204 }, { endStream: true });
  for (const client of clients.slice(0, 20)) expect((await client.answer()).status).toBe(204);
  expect(backend.sessions).toHaveLength(2);
});
