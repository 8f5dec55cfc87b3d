import { expect, test } from 'vitest';
import { FrameType } from '../../../core/http2/frame-types.ts';
import { startFrameBackend } from '../../support/frame-backend.ts';
import { data, frame, headers, words } from '../../support/http2-frames.ts';
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
  const { status, error, resets } = await answerTo((id) => headers(id, fields, false));
  expect([status, error]).toEqual([502, 'response-malformed']);
  expect(await resets()).toEqual([PROTOCOL_ERROR]);
});

test('DATA before the head is refused', async () => {
  expect(await answerTo((id) => data(id, 'x', true))).toMatchObject({ status: 502 });
});

test.each([
  ['longer', 'xyz'],
  ['shorter', 'x'],
])('a body %s than its content-length is cut off, never passed on as whole', async (_, body) => {
  const fields = [
    [':status', '200'],
    ['content-length', '2'],
  ] as const;
  const found = await answerTo(
    (id) => headers(id, fields, false),
    (id) => data(id, body, true),
  );
  expect(found.error).toBe('response-malformed');
  expect(await found.resets()).toEqual([PROTOCOL_ERROR]);
});

test('a reset in mid-answer is cut off', async () => {
  const found = await answerTo(
    (id) => headers(id, [[':status', '200']], false),
    (id) => data(id, 'x', false),
    (id) => frame(FrameType.RstStream, 0, id, words(8)),
  );
  expect(found.error).toBe('response-truncated');
});

test('a body of an answer to HEAD or with 204 is refused', async () => {
  const found = await answerTo(
    (id) => headers(id, [[':status', '204']], false),
    (id) => data(id, 'x', true),
  );
  expect(found.error).toBe('response-malformed');
  expect(await found.resets()).toEqual([PROTOCOL_ERROR]);
});

test('trailers with pseudo fields cut the answer off', async () => {
  const found = await answerTo(
    (id) => headers(id, [[':status', '200']], false),
    (id) => headers(id, [[':status', '200']], true),
  );
  expect(found.error).toBe('response-malformed');
  expect(await found.resets()).toEqual([PROTOCOL_ERROR]);
});
