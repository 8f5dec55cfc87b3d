import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

/** What an attacker wants some backend to take for a request of its own. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED = `0\r\n\r\n${SMUGGLED}`;

function attack(lines: readonly string[], body = CHUNKED, requestLine = 'POST / HTTP/1.1'): string {
  return `${[requestLine, 'Host: a', ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** Heads that RFC 9112 calls an error, or that two servers have been seen to read in two ways. */
const ATTACKS: [string, string][] = [
  ['CL.TE', attack(['Content-Length: 6', 'Transfer-Encoding: chunked'])],
  ['TE.CL', attack(['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c\r\n${SMUGGLED}\r\n0\r\n\r\n`)],
  ['CL.TE with a length of 0', attack(['Content-Length: 0', 'Transfer-Encoding: chunked'])],
  ['TE.TE: xchunked', attack(['Transfer-Encoding: xchunked'])],
  ['TE.TE: chunked, then identity', attack(['Transfer-Encoding: chunked, identity'])],
  ['TE.TE: identity', attack(['Transfer-Encoding: identity'])],
  ['TE.TE: two fields, the second unknown', attack(['Transfer-Encoding: chunked', 'Transfer-Encoding: x'])],
  ['TE.TE: two fields, both chunked', attack(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'])],
  ['TE.TE: a comma before', attack(['Transfer-Encoding: ,chunked'])],
  ['TE.TE: a comma behind', attack(['Transfer-Encoding: chunked,'])],
  ['TE.TE: quoted', attack(['Transfer-Encoding: "chunked"'])],
  ['TE.TE: a parameter', attack(['Transfer-Encoding: chunked;q=1'])],
  ['TE.TE: a space before the colon', attack(['Transfer-Encoding : chunked'])],
  ['TE.TE: a tab before the colon', attack(['Transfer-Encoding\t: chunked'])],
  ['TE.TE: a space before the name', attack(['X: y', ' Transfer-Encoding: chunked'])],
  ['TE.TE: a vertical tab before the value', attack(['Transfer-Encoding: \x0bchunked'])],
  ['TE.TE: a form feed behind the value', attack(['Transfer-Encoding: chunked\x0c'])],
  ['TE.TE: a no-break space before the value', attack(['Transfer-Encoding: \xa0chunked'])],
  ['TE.TE: NUL behind the value', attack(['Transfer-Encoding: chunked\0'])],
  ['TE.TE: a bare CR before the value', attack(['Transfer-Encoding: \rchunked'])],
  ['TE.TE: a bare LF ends the line before', attack(['X: y\nTransfer-Encoding: chunked'])],
  ['TE.TE: a bare CR ends the line before', attack(['X: y\rTransfer-Encoding: chunked'])],
  ['TE.TE: folded value', attack(['Transfer-Encoding:\r\n chunked'])],
  ['TE.TE: empty', attack(['Transfer-Encoding:'])],
  ['TE in HTTP/1.0', attack(['Transfer-Encoding: chunked'], CHUNKED, 'POST / HTTP/1.0')],
  ['CL.CL: two that differ', attack(['Content-Length: 0', 'Content-Length: 37'], SMUGGLED)],
  ['CL.CL: two that agree', attack(['Content-Length: 37', 'Content-Length: 37'], SMUGGLED)],
  ['CL.CL: a list', attack(['Content-Length: 0, 37'], SMUGGLED)],
  ['CL.0: a plus sign', attack(['Content-Length: +37'], SMUGGLED)],
  ['CL.0: a minus sign', attack(['Content-Length: -37'], SMUGGLED)],
  ['CL.0: hexadecimal', attack(['Content-Length: 0x25'], SMUGGLED)],
  ['CL.0: a space inside', attack(['Content-Length: 3 7'], SMUGGLED)],
  ['CL.0: an underscore', attack(['Content-Length: 3_7'], SMUGGLED)],
  ['CL.0: a fraction', attack(['Content-Length: 37.0'], SMUGGLED)],
  ['CL.0: an exponent', attack(['Content-Length: 37e0'], SMUGGLED)],
  ['CL.0: quoted', attack(['Content-Length: "37"'], SMUGGLED)],
  ['CL.0: empty', attack(['Content-Length:'], SMUGGLED)],
  ['CL.0: more than 64 bits', attack(['Content-Length: 18446744073709551653'], SMUGGLED)],
  ['CL.0: a space before the colon', attack(['Content-Length : 37'], SMUGGLED)],
  ['CL.0: NUL in the value', attack(['Content-Length: 37\0'], SMUGGLED)],
  ['a superscript digit', attack(['Content-Length: \xb2'], SMUGGLED)],
  ['request splitting through obs-fold', attack(['X: y', '\tGET /smuggled HTTP/1.1'], '')],
  ['obs-fold in the first line', 'POST / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['a bare LF ends the request line', `POST / HTTP/1.1\nHost: a\r\n\r\n${SMUGGLED}`],
  ['bare LFs end everything', 'GET / HTTP/1.1\nHost: a\n\nGET /smuggled HTTP/1.1\nHost: a\n\n'],
  ['a bare CR ends the request line', 'GET / HTTP/1.1\rHost: a\r\n\r\n'],
  ['LF CR for CR LF', 'GET / HTTP/1.1\n\rHost: a\n\r\n\r'],
  ['NUL in a header value', attack(['X: a\0b'], '')],
  ['NUL in a header name', attack(['X\0: a'], '')],
  ['NUL in the target', attack([], '', 'GET /\0 HTTP/1.1')],
  ['DEL in a header value', attack(['X: a\x7fb'], '')],
  ['a header without a name', attack([': 37'], '')],
  ['a header line without a colon', attack(['nonsense'], '')],
  ['brackets in a header name', attack(['X[0]: a'], '')],
  ['a byte over 127 in a header name', attack(['X\xe9: a'], '')],
  ['header injection through a raw CR LF in the target', 'GET /a\r\nX: y HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space in the target', attack([], '', 'GET /a b HTTP/1.1')],
  ['a tab for a space in the request line', attack([], '', 'GET\t/\tHTTP/1.1')],
  ['two spaces in the request line', attack([], '', 'GET  / HTTP/1.1')],
  ['a space before the method', attack([], '', ' GET / HTTP/1.1')],
  ['a space behind the version', attack([], '', 'GET / HTTP/1.1 ')],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['a version in lower case', attack([], '', 'GET / http/1.1')],
  ['a version with two digits', attack([], '', 'GET / HTTP/1.10')],
  ['a fragment in the target', attack([], '', 'GET /a#b HTTP/1.1')],
  ['a byte over 127 in the target', attack([], '', 'GET /\xe9 HTTP/1.1')],
  ['a target that is no path', attack([], '', 'GET a HTTP/1.1')],
  ['an asterisk for GET', attack([], '', 'GET * HTTP/1.1')],
  ['another scheme', attack([], '', 'GET ftp://a/ HTTP/1.1')],
  ['no Host', 'GET / HTTP/1.1\r\nX: y\r\n\r\n'],
  ['two Hosts that agree', attack(['Host: a'], '')],
  ['two Hosts that differ', attack(['Host: b'], '')],
  ['Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['Host with user information', 'GET / HTTP/1.1\r\nHost: user@a\r\n\r\n'],
  ['Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['Host with a list', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  ['Host with a port that is none', 'GET / HTTP/1.1\r\nHost: a:80a\r\n\r\n'],
  ['Host with a broken IPv6 literal', 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  ['an absolute target for another host', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute target for another port', 'GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute target with user information', 'GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n'],
  ['an absolute target without a host', 'GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n'],
  [
    'a body in a WebSocket handshake',
    attack(['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 37'], SMUGGLED, 'GET / HTTP/1.1'),
  ],
  [
    'a WebSocket handshake by POST',
    attack(['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 0'], SMUGGLED),
  ],
  ['a control character in Connection', attack(['Connection: close\x01'], '')],
  ['what is no token in Connection', attack(['Connection: "close"'], '')],
];

test.each(ATTACKS)(
  '%s: 400, the connection ends, and not one byte reaches the backend',
  async (_, request) => {
    const backend = await startRawBackend((received) => received.reply(ok('reached')));
    const proxy = await startProxy({ backendPort: backend.port });
    const client = await connectRaw(proxy.port);
    const answer = await client.request(request);
    expect([answer.status, answer.header('connection')]).toEqual([400, 'close']);
    expect(await client.end()).toBe('fin');
    expect(client.buffered).toBe('');
    expect((await entry(proxy)).error).toBe('request-malformed');
    expect([backend.connections.length, backend.received()]).toEqual([0, '']);
  },
);

test.each(ATTACKS)('%s, behind a good request and in pieces', async (_, request) => {
  const backend = await startRawBackend((received) => received.reply(ok('good')));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const all = `GET /good HTTP/1.1\r\nHost: a\r\n\r\n${request}`;
  for (let i = 0; i < all.length; i += 7) {
    client.send(all.slice(i, i + 7));
    await new Promise(setImmediate);
  }
  expect((await client.answer()).body).toBe('good');
  expect((await client.answer()).status).toBe(400);
  await client.end();
  expect(backend.requests.map(({ target }) => target)).toEqual(['/good']);
  await entry(proxy, 2);
});
