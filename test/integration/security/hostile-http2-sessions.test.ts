import { expect, test } from 'vitest';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import { startFrameBackend } from '../../support/frame-backend.ts';
import { block, data, frame, headers, words } from '../../support/http2-frames.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

const settings = { protocol: 'h2c', retries: { attempts: 1 } };

test.each<[string, (streamId: number) => Buffer]>([
  ['a stream that nobody opened', () => headers(99, [[':status', '200']], true)],
  ['a pushed stream', (id) => frame(FrameType.PushPromise, Flag.EndHeaders, id, words(2))],
  ['a broken header block', (id) => frame(FrameType.Headers, Flag.EndHeaders, id, Buffer.from([0xff, 0xff]))],
  ['a frame that is too large', (id) => frame(FrameType.Headers, 0, id, Buffer.alloc(20_000))],
  [
    'a PING flood',
    () => Buffer.concat(Array.from({ length: 3000 }, () => frame(FrameType.Ping, 0, 0, words(0, 0)))),
  ],
  [
    'a SETTINGS flood',
    () => Buffer.concat(Array.from({ length: 500 }, () => frame(FrameType.Settings, 0, 0))),
  ],
  [
    'a flood of empty DATA',
    (id) =>
      Buffer.concat([
        headers(id, [[':status', '200']], false),
        ...Array.from({ length: 12_000 }, () => data(id, '', false)),
      ]),
  ],
  [
    'an endless header block',
    (id) =>
      Buffer.concat([
        frame(FrameType.Headers, 0, id, block([[':status', '200']])),
        ...Array.from({ length: 200 }, () => frame(FrameType.Continuation, 0, id, block([['x', 'y']]))),
      ]),
  ],
])('%s ends the connection, and only what ran on it', async (_, attack) => {
  let attacks = 0;
  const backend = await startFrameBackend((connection, id) => {
    attacks += 1;
    connection.send(attacks === 1 ? attack(id) : headers(id, [[':status', '204']], true));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await entry(proxy);
  const next = await connectRaw(proxy.port);
  expect((await next.request(get('/'))).status).toBe(204);
  expect(backend.connections).toHaveLength(2);
});

test('a backend that speaks HTTP/1.1 is no HTTP/2 backend', async () => {
  const backend = await startFrameBackend(() => {}, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(502);
  expect((await entry(proxy)).error).toBe('connect-failed');
});

test('a backend that greets with nothing runs into the time to connect', async () => {
  const backend = await startFrameBackend(() => {}, Buffer.alloc(0));
  const proxy = await startProxy({
    upstreams: site([backend.port], { ...settings, timeouts: { connect: '100ms' } }),
  });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(504);
});

test('a backend that allows no streams is asked once', async () => {
  const maxStreams = frame(FrameType.Settings, 0, 0, Buffer.from([0, 3, 0, 0, 0, 0]));
  const backend = await startFrameBackend(() => {}, maxStreams);
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(502);
  expect((await entry(proxy)).error).toBe('stream-refused');
  expect(backend.connections).toHaveLength(1);
});

test('a backend that allows one stream at a time gets one at a time', async () => {
  const maxStreams = frame(FrameType.Settings, 0, 0, Buffer.from([0, 3, 0, 0, 0, 1]));
  const open = new Map<number, number>();
  let most = 0;
  const backend = await startFrameBackend((connection, id) => {
    const { index } = connection;
    open.set(index, (open.get(index) ?? 0) + 1);
    most = Math.max(most, open.get(index) ?? 0);
    setImmediate(() => {
      open.set(index, 0);
      connection.send(headers(id, [[':status', '204']], true));
    });
  }, maxStreams);
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectRaw(proxy.port)));
  const answers = await Promise.all(clients.map((client) => client.request(get('/'))));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(204));
  expect(most).toBe(1);
  expect(backend.connections.length).toBeGreaterThan(1);
});
