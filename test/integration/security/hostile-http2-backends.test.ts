import { expect, test } from 'vitest';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import { data, frame, head, literals, startFrameBackend, words } from '../../support/frame-backend.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

const PROTOCOL_ERROR = 1;
const settings = { protocol: 'h2c', retries: { attempts: 1 } };

type Fields = readonly (readonly [string, string])[];

async function answerTo(...frames: readonly ((streamId: number) => Buffer)[]): Promise<{
  status: number;
  error: string | null;
  resets: () => Promise<readonly number[]>;
}> {
  const backend = await startFrameBackend((connection, id) => {
    connection.send(...frames.map((make) => make(id)));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  const { status } = await client.answerHead().catch(() => ({ status: 0 }));
  const { error } = await entry(proxy);
  const [connection] = backend.connections;
  const resets = async () => poll(() => [connection?.resets(1) ?? []].find(({ length }) => length > 0));
  return { status, error, resets };
}

test.each<[string, Fields]>([
  ['no :status', [['x-a', '1']]],
  [
    ':status twice',
    [
      [':status', '200'],
      [':status', '200'],
    ],
  ],
  [
    ':status behind a field',
    [
      ['x-a', '1'],
      [':status', '200'],
    ],
  ],
  ['a status that is none', [[':status', '2000']]],
  ['101', [[':status', '101']]],
  [
    'an unknown pseudo field',
    [
      [':status', '200'],
      [':path', '/'],
    ],
  ],
  [
    'an upper-case name',
    [
      [':status', '200'],
      ['X-A', '1'],
    ],
  ],
  [
    'a name with a colon',
    [
      [':status', '200'],
      ['x:a', '1'],
    ],
  ],
  [
    'a name with a space',
    [
      [':status', '200'],
      ['x a', '1'],
    ],
  ],
  [
    'a name with CR LF',
    [
      [':status', '200'],
      ['x\r\nset-cookie', '1'],
    ],
  ],
  [
    'no name',
    [
      [':status', '200'],
      ['', '1'],
    ],
  ],
  [
    'response splitting in a value',
    [
      [':status', '200'],
      ['x-a', '1\r\nset-cookie: a=b'],
    ],
  ],
  [
    'LF in a value',
    [
      [':status', '200'],
      ['x-a', '1\n2'],
    ],
  ],
  [
    'NUL in a value',
    [
      [':status', '200'],
      ['x-a', '1\0'],
    ],
  ],
  [
    'white space before a value',
    [
      [':status', '200'],
      ['x-a', ' 1'],
    ],
  ],
  [
    'transfer-encoding',
    [
      [':status', '200'],
      ['transfer-encoding', 'chunked'],
    ],
  ],
  [
    'connection',
    [
      [':status', '200'],
      ['connection', 'close'],
    ],
  ],
  [
    'keep-alive',
    [
      [':status', '200'],
      ['keep-alive', 'x'],
    ],
  ],
  [
    'upgrade',
    [
      [':status', '200'],
      ['upgrade', 'websocket'],
    ],
  ],
  [
    'content-length twice',
    [
      [':status', '200'],
      ['content-length', '1'],
      ['content-length', '1'],
    ],
  ],
  [
    'content-length +1',
    [
      [':status', '200'],
      ['content-length', '+1'],
    ],
  ],
])('a head with %s is refused, the stream reset', async (_, fields) => {
  const { status, error, resets } = await answerTo((id) => head(id, fields, false));
  expect([status, error]).toEqual([502, 'response-malformed']);
  expect(await resets()).toEqual([PROTOCOL_ERROR]);
});

test('DATA before the head is refused', async () => {
  expect(await answerTo((id) => data(id, 'x', true))).toMatchObject({ status: 502 });
});

test('a body longer than its content-length is cut off, never passed on whole', async () => {
  const fields = [
    [':status', '200'],
    ['content-length', '2'],
  ] as const;
  const found = await answerTo(
    (id) => head(id, fields, false),
    (id) => data(id, 'xyz', true),
  );
  expect(found.error).toBe('response-malformed');
  expect(await found.resets()).toEqual([PROTOCOL_ERROR]);
});

test('a body shorter than its content-length is cut off', async () => {
  const fields = [
    [':status', '200'],
    ['content-length', '2'],
  ] as const;
  const found = await answerTo(
    (id) => head(id, fields, false),
    (id) => data(id, 'x', true),
  );
  expect(found.error).toBe('response-malformed');
  expect(await found.resets()).toEqual([PROTOCOL_ERROR]);
});

test('a reset in mid-answer is cut off', async () => {
  const found = await answerTo(
    (id) => head(id, [[':status', '200']], false),
    (id) => data(id, 'x', false),
    (id) => frame(FrameType.RstStream, 0, id, words(8)),
  );
  expect(found.error).toBe('response-truncated');
});

test('a body of an answer to HEAD or with 204 is refused', async () => {
  const found = await answerTo(
    (id) => head(id, [[':status', '204']], false),
    (id) => data(id, 'x', true),
  );
  expect(found.error).toBe('response-malformed');
  expect(await found.resets()).toEqual([PROTOCOL_ERROR]);
});

test('trailers with pseudo fields cut the answer off', async () => {
  const found = await answerTo(
    (id) => head(id, [[':status', '200']], false),
    (id) => head(id, [[':status', '200']], true),
  );
  expect(found.error).toBe('response-malformed');
  expect(await found.resets()).toEqual([PROTOCOL_ERROR]);
});

test.each<[string, (streamId: number) => Buffer]>([
  ['a stream that nobody opened', () => head(99, [[':status', '200']], true)],
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
        head(id, [[':status', '200']], false),
        ...Array.from({ length: 12_000 }, () => data(id, '', false)),
      ]),
  ],
  [
    'an endless header block',
    (id) =>
      Buffer.concat([
        frame(FrameType.Headers, 0, id, literals([[':status', '200']])),
        ...Array.from({ length: 200 }, () => frame(FrameType.Continuation, 0, id, literals([['x', 'y']]))),
      ]),
  ],
])('%s ends the connection, and only what ran on it', async (_, attack) => {
  let attacks = 0;
  const backend = await startFrameBackend((connection, id) => {
    attacks += 1;
    connection.send(attacks === 1 ? attack(id) : head(id, [[':status', '204']], true));
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
      connection.send(head(id, [[':status', '204']], true));
    });
  }, maxStreams);
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectRaw(proxy.port)));
  const answers = await Promise.all(clients.map((client) => client.request(get('/'))));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(204));
  expect(most).toBe(1);
  expect(backend.connections.length).toBeGreaterThan(1);
});
