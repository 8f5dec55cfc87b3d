import { expect, test } from 'vitest';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import {
  block,
  data,
  frame,
  frameClient,
  GET,
  headers,
  POST,
  rst,
  settings,
  windowUpdate,
} from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';
import { ask, http2Session } from '../http2/setup.ts';

const ENHANCE_YOUR_CALM = 11;
const REFUSED_STREAM = 7;
const floods = { resets: 20, pings: 10, settings: 10, emptyFrames: 30, continuations: 4 };
const listener = { http2: { floods } };

const attacks: Record<string, (turn: number) => Buffer> = {
  'rapid reset': (turn) => Buffer.concat([headers(2 * turn + 1, GET), rst(2 * turn + 1)]),
  'rapid reset of streams that we have to reset': (turn) => headers(2 * turn + 1, [...GET, ['X', 'a']]),
  'a made-you-reset flood': (turn) =>
    Buffer.concat([headers(2 * turn + 1, GET), windowUpdate(2 * turn + 1, 0)]),
  PING: () => frame(FrameType.Ping, 0, 0, 'abcdefgh'),
  'PING acknowledgements': () => frame(FrameType.Ping, Flag.Ack, 0, 'abcdefgh'),
  SETTINGS: () => settings([4, 65_535]),
  PRIORITY: () => frame(FrameType.Priority, 0, 1, Buffer.alloc(5)),
  'unknown frames': () => frame(0x77, 0, 0, 'x'),
  'small WINDOW_UPDATE': () => windowUpdate(0, 1),
  'empty DATA': (turn) =>
    Buffer.concat([turn === 0 ? headers(1, POST, false) : Buffer.alloc(0), data(1, '', false)]),
};

test.each(Object.entries(attacks))('%s: the connection ends, others are served', async (_name, attack) => {
  const backend = await startRawBackend((request) => {
    if (request.target === '/calm') request.reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const other = http2Session(proxy.port);
  const client = await frameClient(proxy.port);
  for (let turn = 0; turn < 40; turn++) client.send(attack(turn));
  expect(await client.goAway()).toBe(ENHANCE_YOUR_CALM);
  await client.waitForClose();
  expect((await ask(other, { ':path': '/calm' })).status).toBe(200);
  await poll(() => proxy.service.counters.inFlight === 0);
  // One is the other client's.
  expect(backend.requests.length).toBeLessThanOrEqual(floods.resets + 2);
});

test('a PING for each message, as gRPC clients send it, is no flood', async () => {
  const backend = await startRawBackend((request) => {
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
  });
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const client = await frameClient(proxy.port);
  client.send(headers(1, GET));
  const { connection } = await backend.request(0);
  for (let message = 1; message <= 100; message++) {
    connection.send('m');
    await poll(() => client.frames.filter(({ type }) => type === FrameType.Data).length === message);
    client.send(frame(FrameType.Ping, 0, 0, 'abcdefgh'));
    await poll(() => client.frames.filter(({ type }) => type === FrameType.Ping).length === message);
  }
  expect((await client.answer(1)).body).toBe('m'.repeat(100));
});

test('a CONTINUATION flood: the connection ends without the block having been gathered', async () => {
  const proxy = await startProxy({ listener });
  const client = await frameClient(proxy.port);
  client.send(frame(FrameType.Headers, Flag.EndStream, 1, block(GET)));
  for (let i = 0; i < 10; i++) client.send(frame(FrameType.Continuation, 0, 1, block([['x', 'a']])));
  expect(await client.goAway()).toBe(ENHANCE_YOUR_CALM);
  await client.waitForClose();
});

test('an endless header block: the connection ends at the bound', async () => {
  const proxy = await startProxy({
    listener: { http2: { floods: { continuations: 1000 } }, limits: { head: '4KiB' } },
  });
  const client = await frameClient(proxy.port);
  client.send(frame(FrameType.Headers, Flag.EndStream, 1, block(GET)));
  for (let i = 0; i < 4; i++) client.send(frame(FrameType.Continuation, 0, 1, Buffer.alloc(16_000)));
  expect(await client.goAway()).toBe(ENHANCE_YOUR_CALM);
});

test('a header bomb (one large table entry, named a thousand times) is answered 431', async () => {
  const proxy = await startProxy({ listener });
  const client = await frameClient(proxy.port);
  const value = 'a'.repeat(3000);
  const entry = Buffer.concat([Buffer.from([0x40, 1, 0x78, 127, ...lengthOf(3000)]), Buffer.from(value)]);
  client.send(
    frame(
      FrameType.Headers,
      Flag.EndHeaders | Flag.EndStream,
      1,
      Buffer.concat([block(GET), entry, Buffer.alloc(10_000, 0x80 | 62)]),
    ),
  );
  expect((await client.answer(1)).status).toBe('431');
});

/** RFC 7541 5.1, behind a prefix of seven bits. */
function lengthOf(bytes: number): number[] {
  const left = bytes - 127;
  return [(left & 127) | 128, left >>> 7];
}

test('more streams than allowed are refused, and reach no backend', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port, listener: { http2: { maxStreams: 3 } } });
  const client = await frameClient(proxy.port);
  for (const id of [1, 3, 5, 7]) client.send(headers(id, GET));
  expect(await client.reset(7)).toBe(REFUSED_STREAM);
  await backend.request(2);
  expect(backend.requests).toHaveLength(3);
});
