import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

const retries = { attempts: 1 };
const circuitBreaker = { failures: 3, openFor: '200ms', halfOpen: 1 };
const ERROR = 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n';

test('a backend that fails is left alone, the only one too; then one request tries it, and all may go', async () => {
  let isBroken = true;
  const backend = await startRawBackend((request) => request.reply(isBroken ? ERROR : ok('fine')));
  const proxy = await startProxy({ upstreams: site([backend.port], { retries, circuitBreaker }) });
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) expect((await client.request(get('/'))).status).toBe(500);
  for (let i = 0; i < 5; i++) expect((await client.request(get('/'))).status).toBe(503);
  expect((await entry(proxy, 8)).error).toBe('no-backend');
  expect(backend.requests).toHaveLength(3);
  // The trial fails.
  await poll(() => runtime?.circuit.phase === 'half-open');
  expect((await client.request(get('/'))).status).toBe(500);
  expect((await client.request(get('/'))).status).toBe(503);
  expect(backend.requests).toHaveLength(4);
  isBroken = false;
  await poll(() => runtime?.circuit.phase === 'half-open');
  for (let i = 0; i < 10; i++) expect((await client.request(get('/'))).status).toBe(200);
  expect(runtime?.circuit.phase).toBe('closed');
});

test('while a request tries it no other goes there', async () => {
  const backend = await startRawBackend((request) => {
    if (request.target !== '/slow') request.reply(ERROR);
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { retries, circuitBreaker }) });
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) await client.request(get('/'));
  await poll(() => runtime?.circuit.phase === 'half-open');
  const trying = await connectRaw(proxy.port);
  trying.send(get('/slow'));
  const slow = await backend.request(3);
  for (let i = 0; i < 3; i++) expect((await client.request(get('/'))).status).toBe(503);
  slow.reply(ok('fine'));
  expect((await trying.answer()).status).toBe(200);
  expect(runtime?.circuit.phase).toBe('closed');
  expect(backend.requests).toHaveLength(4);
});

test('a trial that says nothing, for its client went away, makes room for another', async () => {
  const backend = await startRawBackend((request) => {
    if (request.target !== '/slow') request.reply(request.target === '/good' ? ok('good') : ERROR);
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { retries, circuitBreaker }) });
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) await client.request(get('/'));
  await poll(() => runtime?.circuit.phase === 'half-open');
  const trying = await connectRaw(proxy.port);
  trying.send(get('/slow'));
  await backend.request(3);
  trying.socket.destroy();
  await poll(() => runtime?.circuitOpen === false);
  expect((await client.request(get('/good'))).status).toBe(200);
});

test('it opens with the head of an answer, whenever its body ends', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 8\r\n\r\nhalf'),
  );
  const breaker = { ...circuitBreaker, failures: 1 };
  const proxy = await startProxy({ upstreams: site([backend.port], { retries, circuitBreaker: breaker }) });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.answerHead();
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(503);
  backend.connections[0]?.send('half');
  await poll(() => proxy.entries.length === 2);
});

test('others take over while a circuit is open', async () => {
  const broken = await startRawBackend((request) => void request.connection.socket.resetAndDestroy());
  const good = await startRawBackend();
  const settings = { retries: { attempts: 2 }, circuitBreaker: { ...circuitBreaker, openFor: '1m' } };
  const proxy = await startProxy({ upstreams: site([broken.port, good.port], settings) });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 30; i++) expect((await client.request(get('/'))).status).toBe(200);
  expect(broken.requests).toHaveLength(3);
});
