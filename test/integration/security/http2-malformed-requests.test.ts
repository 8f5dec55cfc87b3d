import { expect, test } from 'vitest';
import { data, frameClient, GET, headers, POST, type Field } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';

const PROTOCOL_ERROR = 1;

/** GET with one pseudo-header field changed, or left out. */
function but(name: string, value: string | null): Field[] {
  return GET.flatMap((field): Field[] =>
    field[0] !== name ? [field] : value === null ? [] : [[name, value]],
  );
}

const attacks: Record<string, readonly Field[]> = {
  'CR LF and a field in a value': [...GET, ['x', 'a\r\nInjected: 1']],
  'bare LF in a value': [...GET, ['x', 'a\nb']],
  'bare CR in a value': [...GET, ['x', 'a\rb']],
  'NUL in a value': [...GET, ['x', 'a\0b']],
  'another control character in a value': [...GET, ['x', 'a\x01b']],
  'space before a value': [...GET, ['x', ' a']],
  'tab behind a value': [...GET, ['x', 'a\t']],
  'CR LF in a name': [...GET, ['x\r\ny', 'a']],
  'a colon in a name': [...GET, ['x:y', 'a']],
  'a space in a name': [...GET, ['x y', 'a']],
  'a space behind a name': [...GET, ['x ', 'a']],
  'NUL in a name': [...GET, ['x\0', 'a']],
  'obs-text in a name': [...GET, ['x\xe9', 'a']],
  'upper case in a name': [...GET, ['X-A', 'a']],
  'an empty name': [...GET, ['', 'a']],
  connection: [...GET, ['connection', 'close']],
  'proxy-connection': [...GET, ['proxy-connection', 'close']],
  'keep-alive': [...GET, ['keep-alive', 'timeout=5']],
  'transfer-encoding': [...POST, ['transfer-encoding', 'chunked']],
  upgrade: [...GET, ['upgrade', 'websocket']],
  'te other than trailers': [...GET, ['te', 'gzip']],
  'no :method': but(':method', null),
  'no :scheme': but(':scheme', null),
  'no :path': but(':path', null),
  'no :authority and no host': but(':authority', null),
  'two :path': [...GET, [':path', '/b']],
  'two :authority': [...GET, [':authority', 'a.example']],
  'an unknown pseudo-header field': [...GET, [':foo', 'a']],
  ':status in a request': [...GET, [':status', '200']],
  'a pseudo-header field behind others': [...but(':path', null), ['x', 'a'], [':path', '/']],
  'an empty :path': but(':path', ''),
  'a :path without a slash': but(':path', 'a'),
  'a :path with a space': but(':path', '/a HTTP/1.1'),
  'a :path with CR LF': but(':path', '/ HTTP/1.1\r\nX: y'),
  'a :path with a fragment': but(':path', '/a#b'),
  'a :path with obs-text': but(':path', '/\xe9'),
  'a :path that is a URL': but(':path', 'http://b.example/'),
  '* for a GET': but(':path', '*'),
  'a :method with a space': but(':method', 'GET /admin'),
  'an empty :method': but(':method', ''),
  'an odd :scheme': but(':scheme', 'ht tp'),
  'a foreign :scheme': but(':scheme', 'ftp'),
  'user information in :authority': but(':authority', 'user@a.example'),
  'a space in :authority': but(':authority', 'a b'),
  'a path in :authority': but(':authority', 'a.example/b'),
  'CR LF in :authority': but(':authority', 'a.example\r\nX: y'),
  'an empty :authority': but(':authority', ''),
  'host that differs from :authority': [...GET, ['host', 'b.example']],
  'two hosts': [...but(':authority', null), ['host', 'a.example'], ['host', 'a.example']],
  'CONNECT with :path': [[':method', 'CONNECT'], ...GET.slice(1)],
  ':protocol without CONNECT': [...GET, [':protocol', 'websocket']],
  'a content-length without a body': [...POST, ['content-length', '5']],
  'two content-lengths': [...POST, ['content-length', '0'], ['content-length', '0']],
  'a signed content-length': [...POST, ['content-length', '+0']],
  'a list as content-length': [...POST, ['content-length', '0, 0']],
  'a hexadecimal content-length': [...POST, ['content-length', '0x0']],
};

test.each(Object.entries(attacks))(
  '%s: a stream error, and no backend hears of it',
  async (_name, fields) => {
    const backend = await startRawBackend();
    const proxy = await startProxy({ backendPort: backend.port, listener: { http2: true } });
    const client = await frameClient(proxy.port);
    client.send(headers(1, fields));
    expect(await client.reset(1)).toBe(PROTOCOL_ERROR);
    // The connection and its other streams go on.
    client.send(headers(3, GET));
    expect(await client.answer(3)).toMatchObject({ status: '200', body: 'hello' });
    expect(backend.requests).toHaveLength(1);
    expect(proxy.entries[0]).toMatchObject({ status: null, error: 'stream-malformed', attempts: 0 });
  },
);

test.each([
  ['more DATA than content-length', '3', 'abcdef'],
  ['less DATA than content-length', '9', 'abcdef'],
  ['DATA although content-length is 0', '0', 'abcdef'],
])('%s: a stream error, and no backend gets a whole request', async (_name, length, body) => {
  const backend = await startRawBackend(async (request) => {
    await request.body();
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const proxy = await startProxy({ backendPort: backend.port, listener: { http2: true } });
  const client = await frameClient(proxy.port);
  client.send(headers(1, [...POST, ['content-length', length]], false), data(1, body));
  expect(await client.reset(1)).toBe(PROTOCOL_ERROR);
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]).toMatchObject({ status: null, error: 'stream-malformed' });
  expect(backend.received()).not.toContain('abc');
});

test.each([
  ['a pseudo-header field in trailers', [[':path', '/b']]],
  ['CR LF in trailers', [['x', 'a\r\nb: c']]],
  ['upper case in trailers', [['X', 'a']]],
  ['transfer-encoding in trailers', [['transfer-encoding', 'chunked']]],
] as const)('%s: a stream error', async (_name, trailers) => {
  const backend = await startRawBackend(async (request) => void (await request.body()));
  const proxy = await startProxy({ backendPort: backend.port, listener: { http2: true } });
  const client = await frameClient(proxy.port);
  client.send(headers(1, POST, false), data(1, 'abc', false), headers(1, trailers));
  expect(await client.reset(1)).toBe(PROTOCOL_ERROR);
  await poll(() => proxy.entries.length === 1);
  expect(backend.received()).not.toContain('\r\n0\r\n');
});
