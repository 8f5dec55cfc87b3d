import { expect, test } from 'vitest';
import { FrameType } from '../../../core/http2/frame-types.ts';
import { startFrameBackend } from '../../support/frame-backend.ts';
import { data, frame, headers, words } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

const INTERNAL_ERROR = 2;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const OK = [[':status', '200']] as const;

const refused = (streamId: number): Buffer => frame(FrameType.RstStream, 0, streamId, words(REFUSED_STREAM));
const goAway = (lastStreamId: number): Buffer => frame(FrameType.GoAway, 0, 0, words(lastStreamId, 0));
const h2c = { protocol: 'h2c' };

// RFC 9113 8.7: it was not processed.
test('a refused POST without a body goes to another backend', async () => {
  const first = await startFrameBackend((connection, id) => connection.send(refused(id)));
  const second = await startFrameBackend((connection, id) =>
    connection.send(headers(id, OK, false), data(id, 'second', true)),
  );
  const proxy = await startProxy({ upstreams: site([first.port, second.port], h2c) });
  const client = await connectRaw(proxy.port);
  const answer = await client.request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  expect([answer.status, answer.body]).toEqual([200, 'second']);
  expect((await entry(proxy)).attempts).toBe(2);
});

test('a backend that refuses everything is asked as often as attempts allow', async () => {
  const backend = await startFrameBackend((connection, id) => connection.send(refused(id)));
  const proxy = await startProxy({ upstreams: site([backend.port], { ...h2c, retries: { attempts: 3 } }) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(502);
  const asked = backend.connections.flatMap(({ frames }) =>
    frames.filter(({ type }) => type === FrameType.Headers),
  );
  expect(asked.length).toBeLessThanOrEqual(6);
  expect(await entry(proxy)).toMatchObject({ error: 'stream-refused', attempts: 3 });
});

test('GOAWAY: what is above its stream goes over a new connection, what is below ends on the old one', async () => {
  const backend = await startFrameBackend((connection, id) => {
    if (connection.index > 0) connection.send(headers(id, OK, false), data(id, 'new', true));
    else if (id === 1) connection.send(headers(id, OK, false));
    else connection.send(goAway(1), data(1, 'old', true));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { ...h2c, retries: { attempts: 2 } }) });
  const old = await connectRaw(proxy.port);
  old.send(get('/'));
  await old.answerHead();
  const next = await connectRaw(proxy.port);
  next.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  expect((await next.answer()).body).toBe('new');
  await old.until(() => (old.buffered.includes('old') ? true : null), 'the rest of the answer');
  expect(backend.connections).toHaveLength(2);
});

test('GOAWAY on an idle connection: the next request does not see it', async () => {
  const backend = await startFrameBackend((connection, id) => {
    connection.send(headers(id, OK, false), data(id, 'x', true), goAway(id));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { ...h2c, retries: { attempts: 1 } }) });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) expect((await client.request(post('/', 'x'))).status).toBe(200);
  expect(backend.connections).toHaveLength(3);
});

test('an answer that is whole before its request is: the rest of the request is not wanted', async () => {
  const backend = await startFrameBackend((connection, id) =>
    connection.send(headers(id, [[':status', '413']], false), data(id, 'no', true)),
  );
  const proxy = await startProxy({ upstreams: site([backend.port], h2c) });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx');
  const answer = await client.answer();
  expect([answer.status, answer.body]).toEqual([413, 'no']);
  await poll(() => backend.connections[0]?.resets(1)[0] === CANCEL);
});

test('a stream that is reset is a failure of the backend, not of a connection that had been in use', async () => {
  const backend = await startFrameBackend((connection, id) => {
    if (id === 1) connection.send(headers(id, OK, true));
    else connection.send(frame(FrameType.RstStream, 0, id, words(INTERNAL_ERROR)));
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { ...h2c, retries: { attempts: 1 } }) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(200);
  expect((await client.request(get('/'))).status).toBe(502);
  expect(backend.connections[0]?.frames.filter(({ type }) => type === FrameType.Headers)).toHaveLength(2);
});

test('no answer in time: 504, and the stream is cancelled, not the connection', async () => {
  const backend = await startFrameBackend((connection, id) => {
    if (id > 1) connection.send(headers(id, OK, false), data(id, 'fine', true));
  });
  const proxy = await startProxy({
    upstreams: site([backend.port], { ...h2c, timeouts: { response: '100ms' }, retries: { attempts: 1 } }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(504);
  expect((await client.request(get('/'))).body).toBe('fine');
  await poll(() => backend.connections[0]?.resets(1)[0] === CANCEL);
  expect(backend.connections).toHaveLength(1);
});

test('a backend that no longer reads or writes is given up, and the next request goes over a new connection', async () => {
  const backend = await startFrameBackend((connection, id) => {
    if (connection.index === 0) connection.socket.pause();
    else connection.send(headers(id, OK, false), data(id, 'fine', true));
  });
  const proxy = await startProxy({
    upstreams: site([backend.port], {
      ...h2c,
      timeouts: { response: '100ms', connect: '100ms' },
      retries: { attempts: 1 },
    }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(504);
  for (let tries = 0; backend.connections.length === 1 && tries < 10; tries++) await client.request(get('/'));
  expect((await client.request(get('/'))).body).toBe('fine');
});

test('an idle connection is closed after timeouts.idle, with GOAWAY', async () => {
  const backend = await startFrameBackend((connection, id) => connection.send(headers(id, OK, true)));
  const proxy = await startProxy({
    upstreams: site([backend.port], { ...h2c, timeouts: { idle: '100ms' } }),
  });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(200);
  const connection = backend.connections[0];
  await new Promise<void>((resolve) => connection?.socket.once('end', resolve));
  expect(connection?.goAways).toEqual([0]);
});
