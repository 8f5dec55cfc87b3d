import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** Chunked bodies of which some server has been seen to make something else. */
const TRICKS: [string, string][] = [
  ['a size with 0x', `0x5\r\nhello\r\n0\r\n\r\n`],
  ['a plus sign', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a minus sign', '-5\r\nhello\r\n0\r\n\r\n'],
  ['a space before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a space behind the size', '5 \r\nhello\r\n0\r\n\r\n'],
  ['an underscore in the size', '1_0\r\nhello\r\n0\r\n\r\n'],
  ['an empty size', '\r\nhello\r\n0\r\n\r\n'],
  ['a size that is no number', 'xyz\r\nhello\r\n0\r\n\r\n'],
  ['a size beyond 32 bits', '100000005\r\nhello\r\n0\r\n\r\n'],
  ['a size beyond 64 bits', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['a bare LF behind the size', '5\nhello\r\n0\r\n\r\n'],
  ['a bare CR behind the size', '5\rhello\r\n0\r\n\r\n'],
  ['a bare LF behind the data', '5\r\nhello\n0\r\n\r\n'],
  ['no line end behind the data', '5\r\nhello0\r\n\r\n'],
  ['other bytes for the line end behind the data', '5\r\nhelloXX0\r\n\r\n'],
  ['data longer than its size', `5\r\nhello world\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare LF in an extension', '5;x\nhello\r\n0\r\n\r\n'],
  ['a bare CR in an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
  ['NUL in an extension', '5;a\0b\r\nhello\r\n0\r\n\r\n'],
  ['extensions without end', `5;${'x'.repeat(100_000)}`],
  ['a bare LF ends the trailers', '0\r\nX: y\n\n'],
  ['a bare LF ends the body', '0\r\n\n'],
  ['a folded trailer', '0\r\nX: y\r\n z\r\n\r\n'],
  ['a trailer without a colon', `0\r\nGET /smuggled HTTP/1.1\r\n\r\n`],
  ['a space before the colon of a trailer', '0\r\nX : y\r\n\r\n'],
  ['NUL in a trailer', '0\r\nX: a\0b\r\n\r\n'],
  ['trailers without end', `0\r\n${'X: y\r\n'.repeat(20_000)}`],
  ['too many trailers', `0\r\n${'X: y\r\n'.repeat(200)}\r\n`],
];

test.each(TRICKS)(
  '%s: 400, the connection ends, and the backend never sees a whole request',
  async (_, body) => {
    const backend = await startRawBackend(() => {});
    const proxy = await startProxy({ backendPort: backend.port });
    const client = await connectRaw(proxy.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    // So that the head has reached the backend when the body goes wrong.
    await backend.request(0);
    const answer = await client.request(body);
    expect([answer.status, answer.header('connection')]).toEqual([400, 'close']);
    expect((await entry(proxy)).error).toBe('request-malformed');
    await backend.connections[0]?.end();
    const [, sent = ''] = backend.received().split('\r\n\r\n');
    expect(['', '5\r\nhello\r\n', '5\r\nhello']).toContain(sent);
    expect(backend.requests).toHaveLength(1);
  },
);

test('extensions are dropped, and what is smuggled in them with them', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Got: ${await request.body()}\r\n\r\n`),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a="0";b\r\nhello\r\n0;last\r\n\r\n',
  );
  expect(answer.header('x-got')).toBe('hello');
  expect(backend.received().endsWith('\r\n\r\n5\r\nhello\r\n0\r\n\r\n')).toBe(true);
});

test('a request pipelined behind the end of a chunked body is a request of its own, not part of it', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(
      `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Got: ${request.target} ${await request.body()}\r\n\r\n`,
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(`POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`);
  expect((await client.answer()).header('x-got')).toBe('/first');
  expect((await client.answer()).header('x-got')).toBe('/smuggled');
  await entry(proxy, 2);
});
