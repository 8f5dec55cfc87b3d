import { expect, test } from 'vitest';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

const h2c = { protocol: 'h2c' };

test('a request goes over HTTP/2, with pseudo fields, and its answer comes back', async () => {
  const seen: unknown[] = [];
  const backend = await startHttp2Backend((stream, headers) => {
    seen.push([
      headers[':method'],
      headers[':scheme'],
      headers[':authority'],
      headers[':path'],
      headers['x-a'],
    ]);
    stream.respond({ ':status': 203, 'x-b': '1', 'content-type': 'text/plain' });
    stream.end('hello');
  });
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) {
    const answer = await client.request(get('/a?b=1', 'X-A: x'));
    expect([answer.status, answer.body, answer.header('x-b')]).toEqual([203, 'hello', '1']);
  }
  const request = ['GET', 'http', 'example.test', '/a?b=1', 'x'];
  expect(seen).toEqual([request, request, request]);
  expect(backend.sessions).toHaveLength(1);
});

test('many requests at a time share one connection', async () => {
  const backend = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 200 });
    setImmediate(() => stream.end('x'.repeat(100_000)));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectRaw(proxy.port)));
  const answers = await Promise.all(clients.map((client) => client.request(get('/'))));
  expect(answers.map(({ body }) => body.length)).toEqual(Array(20).fill(100_000));
  expect(backend.sessions).toHaveLength(1);
});

test('a body, and trailers in both directions', async () => {
  const backend = await startHttp2Backend((stream, headers) => {
    let body = '';
    let trailers: unknown;
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => (body += piece));
    stream.on('trailers', (received) => (trailers = received));
    stream.on('end', () => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '2' }));
      stream.end(JSON.stringify([body, trailers, headers.te]));
    });
  });
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    'POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n',
  );
  expect(JSON.parse(answer.body)).toEqual(['x', { 'x-sum': '1' }, 'trailers']);
  expect(answer.trailers).toBe('x-sum: 2');
});

test('a megabyte each way', async () => {
  const backend = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const body = Array.from({ length: 100_000 }, (_, i) => String(i).padStart(10, '0')).join('');
  const answer = await (await connectRaw(proxy.port)).request(post('/', body));
  expect(answer.body === body).toBe(true);
});

test('HEAD, 204 and an answer that is a head alone', async () => {
  const backend = await startHttp2Backend((stream, headers) => {
    if (headers[':path'] === '/204') stream.respond({ ':status': 204 }, { endStream: true });
    else if (headers[':method'] === 'HEAD')
      stream.respond({ ':status': 200, 'content-length': '5' }, { endStream: true });
    else stream.respond({ ':status': 404 }, { endStream: true });
  });
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/204'))).status).toBe(204);
  const head = await client.request('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect([head.status, head.header('content-length'), head.body]).toEqual([200, '5', '']);
  const missing = await client.request(get('/'));
  expect([missing.status, missing.body]).toEqual([404, '']);
});

test('informational answers pass', async () => {
  const backend = await startHttp2Backend((stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
    stream.respond({ ':status': 200 });
    stream.end('done');
  });
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const client = await connectRaw(proxy.port);
  const early = await client.request(get('/'));
  expect([early.status, early.header('link')]).toEqual([103, '</a.css>; rel=preload']);
  expect((await client.answer()).body).toBe('done');
});

test('a client that goes away resets the stream, and no other', async () => {
  const codes: number[] = [];
  const backend = await startHttp2Backend((stream, headers) => {
    stream.on('close', () => codes.push(stream.rstCode));
    stream.respond({ ':status': 200 });
    if (headers[':path'] === '/gone') stream.write('begin');
    else stream.end('fine');
  });
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const gone = await connectRaw(proxy.port);
  gone.send(get('/gone'));
  await gone.answerHead();
  gone.socket.destroy();
  expect((await entry(proxy)).error).toBe('client-abort');
  expect((await (await connectRaw(proxy.port)).request(get('/'))).body).toBe('fine');
  expect(codes[0]).toBe(8);
  expect(backend.sessions).toHaveLength(1);
});
