import { expect, test } from 'vitest';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, site, startProxy } from './setup.ts';

test('a refused connection sends the request to another backend, POST too, with its body', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(ok(`${request.method} ${await request.body()}`)),
  );
  const proxy = await startProxy({ upstreams: site([await unusedPort(), backend.port]) });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 4; i++) expect((await client.request(post('/', 'hello'))).body).toBe('POST hello');
  const failed = proxy.entries.filter(({ attempts }) => attempts === 2);
  const errors = proxy.upstreams.get('site')?.backends.map(({ runtime }) => runtime.errors);
  expect(failed.length).toBeGreaterThan(0);
  expect(errors).toEqual([failed.length, 0]);
});

test('attempts are bounded, and each goes elsewhere', async () => {
  const backends = Array.from({ length: 4 }, () =>
    startRawBackend((request) => void request.connection.socket.resetAndDestroy()),
  );
  const ports = (await Promise.all(backends)).map(({ port }) => port);
  const proxy = await startProxy({ upstreams: site(ports, { retries: { attempts: 3 } }) });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect(answer.status).toBe(502);
  const { attempts, error } = await entry(proxy);
  expect([attempts, error]).toEqual([3, 'backend-reset']);
  const requests = proxy.upstreams.get('site')?.backends.map(({ runtime }) => runtime.requests);
  expect(requests?.toSorted()).toEqual([0, 1, 1, 1]);
});

test('a backend that resets before its answer: GET is tried elsewhere', async () => {
  const broken = await startRawBackend((request) => void request.connection.socket.resetAndDestroy());
  const good = await startRawBackend();
  const proxy = await startProxy({ upstreams: site([broken.port, good.port]) });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 2; i++) expect((await client.request(get('/'))).status).toBe(200);
  expect(broken.requests.length).toBeGreaterThan(0);
  expect(good.requests).toHaveLength(2);
});

test.each([
  ['POST with a body', post('/', 'x')],
  ['POST without a body: it may have had its effect', post('/', '')],
])('a backend that resets before its answer: %s is not tried again', async (_, request) => {
  const broken = await startRawBackend((received) => void received.connection.socket.resetAndDestroy());
  const other = await startRawBackend((received) => void received.connection.socket.resetAndDestroy());
  const proxy = await startProxy({
    upstreams: site([broken.port, other.port], { retries: { attempts: 5 } }),
  });
  expect((await (await connectRaw(proxy.port)).request(request)).status).toBe(502);
  expect(broken.requests.length + other.requests.length).toBe(1);
});

test('nothing is tried again once a byte of the answer has come', async () => {
  const broken = await startRawBackend((request) => {
    request.reply('HTTP/1.1 2');
    request.connection.socket.end();
  });
  const proxy = await startProxy({ upstreams: site([broken.port], { retries: { attempts: 5 } }) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(502);
  expect(broken.requests).toHaveLength(1);
});

test('nothing is tried again once part of an answer was passed on', async () => {
  const broken = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
  );
  const proxy = await startProxy({ upstreams: site([broken.port], { retries: { attempts: 5 } }) });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.until(() => (client.buffered.includes('half') ? true : null), 'half of it');
  broken.connections[0]?.socket.resetAndDestroy();
  await client.end();
  expect((await entry(proxy)).attempts).toBe(1);
  expect(broken.requests).toHaveLength(1);
});
