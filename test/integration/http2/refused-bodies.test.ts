import { expect, test } from 'vitest';
import { FrameType } from '../../../core/http2/frame-types.ts';
import { startFrameBackend, type FrameBackend } from '../../support/frame-backend.ts';
import { frame, words } from '../../support/http2-frames.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';
import { ask, http2Session } from './setup.ts';

// RFC 9113 8.7: what was refused, or is above the last stream of a GOAWAY, was not processed, whatever came of its body.
const refusals: Record<string, Buffer> = {
  REFUSED_STREAM: frame(FrameType.RstStream, 0, 1, words(7)),
  GOAWAY: frame(FrameType.GoAway, 0, 0, words(0, 0)),
};

/** Two backends: what the first is to do the test says, the second answers with the body and trailers that it gets. */
async function start(): Promise<{ first: FrameBackend; proxy: Awaited<ReturnType<typeof startProxy>> }> {
  const first = await startFrameBackend(() => {});
  const second = await startHttp2Backend((stream) => {
    let body = '';
    let trailers: unknown = null;
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => (body += piece));
    stream.on('trailers', (received) => (trailers = received));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(JSON.stringify([body, trailers]));
    });
  });
  const settings = { protocol: 'h2c', retries: { body: '16KiB' } };
  const upstreams = site([first.port, second.port], settings);
  return { first, proxy: await startProxy({ upstreams, listener: { http2: true } }) };
}

/** Waits until the first backend has got so many bytes of the body. */
async function gets(backend: FrameBackend, bytes: number): Promise<void> {
  await poll(() => backend.connections[0]?.dataBytes.get(1) === bytes);
}

const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

test.each(Object.entries(refusals))(
  '%s behind a whole body: it goes to another backend',
  async (_, refusal) => {
    const { first, proxy } = await start();
    const client = await connectRaw(proxy.port);
    client.send(`${CHUNKED}2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\n`);
    await gets(first, 3);
    first.connections[0]?.send(refusal);
    expect(JSON.parse((await client.answer()).body)).toEqual(['abc', { 'x-sum': '1' }]);
    expect(await entry(proxy)).toMatchObject({ attempts: 2, requestBytes: 3 });
  },
);

test('the same for a client of HTTP/2', async () => {
  const { first, proxy } = await start();
  const answer = ask(http2Session(proxy.port), { ':method': 'POST' }, 'x'.repeat(10_000));
  await gets(first, 10_000);
  first.connections[0]?.send(refusals['REFUSED_STREAM'] ?? Buffer.alloc(0));
  expect(JSON.parse((await answer).body)).toEqual(['x'.repeat(10_000), null]);
});

test('a body of which the rest is still to come goes on where it was refused', async () => {
  const { first, proxy } = await start();
  const client = await connectRaw(proxy.port);
  client.send(`${CHUNKED}2\r\nab\r\n`);
  await gets(first, 2);
  first.connections[0]?.send(refusals['GOAWAY'] ?? Buffer.alloc(0));
  client.send(`14000\r\n${'c'.repeat(0x14000)}\r\n0\r\n\r\n`);
  expect(JSON.parse((await client.answer()).body)).toEqual([`ab${'c'.repeat(0x14000)}`, null]);
});

test('a body that is too large to be kept is not sent a second time', async () => {
  const { first, proxy } = await start();
  const client = await connectRaw(proxy.port);
  client.send(`${CHUNKED}5000\r\n${'c'.repeat(0x5000)}\r\n0\r\n\r\n`);
  await gets(first, 0x5000);
  first.connections[0]?.send(refusals['REFUSED_STREAM'] ?? Buffer.alloc(0));
  expect((await client.answer()).status).toBe(502);
  expect(await entry(proxy)).toMatchObject({ attempts: 1, error: 'stream-refused' });
});

test('the rest of a body that no backend is left for keeps no connection waiting', async () => {
  const backend = await startFrameBackend((connection, id) =>
    connection.send(frame(FrameType.RstStream, 0, id, words(7))),
  );
  const proxy = await startProxy({ upstreams: site([backend.port], { protocol: 'h2c' }) });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab');
  expect((await client.answer()).status).toBe(502);
  client.send('c'.repeat(99_998));
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await poll(() => proxy.entries.length === 2 || client.ended);
});
