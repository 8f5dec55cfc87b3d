import { GET, POST, type Field } from './http2-frames.ts';

/** GET with one pseudo-header field changed, or left out. */
function but(name: string, value: string | null): Field[] {
  return GET.flatMap((field): Field[] =>
    field[0] !== name ? [field] : value === null ? [] : [[name, value]],
  );
}

/** Heads of requests that RFC 9113 section 8 calls malformed, or that HTTP/1.1 could not carry unambiguously. */
export const malformedHeads: Record<string, readonly Field[]> = {
  'CR LF and a field in a value': [...GET, ['x', 'a\r\nInjected: 1']],
  'bare LF in a value': [...GET, ['x', 'a\nb']],
  'bare CR in a value': [...GET, ['x', 'a\rb']],
  'NUL in a value': [...GET, ['x', 'a\0b']],
  'DEL in a value': [...GET, ['x', 'a\x7f']],
  'another control character in a value': [...GET, ['x', 'a\x01b']],
  'space before a value': [...GET, ['x', ' a']],
  'tab behind a value': [...GET, ['x', 'a\t']],
  'CR LF in a name': [...GET, ['x\r\ny', 'a']],
  'LF in a name': [...GET, ['x\n', 'a']],
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
  'CONNECT without :authority': [[':method', 'CONNECT']],
  'CONNECT with :path': [[':method', 'CONNECT'], ...GET.slice(1)],
  'a WebSocket whose stream ends with its head': [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    ...GET.slice(1),
  ],
  ':protocol without CONNECT': [...GET, [':protocol', 'websocket']],
  'a content-length without a body': [...POST, ['content-length', '5']],
  'two content-lengths': [...POST, ['content-length', '0'], ['content-length', '0']],
  'two content-lengths that differ': [...POST, ['content-length', '0'], ['content-length', '5']],
  'an empty content-length': [...POST, ['content-length', '']],
  'a signed content-length': [...POST, ['content-length', '+0']],
  'a list as content-length': [...POST, ['content-length', '0, 0']],
  'a hexadecimal content-length': [...POST, ['content-length', '0x0']],
};

export interface MalformedBody {
  /** content-length; null: none. */
  readonly length: string | null;
  readonly body: string;
  readonly trailers: readonly Field[] | null;
}

/** What makes a POST malformed only behind its head. */
export const malformedBodies: Record<string, MalformedBody> = {
  'more DATA than content-length': { length: '3', body: 'abcdef', trailers: null },
  'less DATA than content-length': { length: '9', body: 'abcdef', trailers: null },
  'less DATA than content-length, then trailers': { length: '9', body: 'abcdef', trailers: [['x', 'a']] },
  'DATA although content-length is 0': { length: '0', body: 'abcdef', trailers: null },
  'a pseudo-header field in trailers': withTrailer(':path', '/b'),
  'CR LF in trailers': withTrailer('x', 'a\r\nb: c'),
  'a name with CR LF in trailers': withTrailer('x\r\ny', 'a'),
  'upper case in trailers': withTrailer('X', 'a'),
  'transfer-encoding in trailers': withTrailer('transfer-encoding', 'chunked'),
};

function withTrailer(name: string, value: string): MalformedBody {
  return { length: null, body: 'abc', trailers: [[name, value]] };
}
