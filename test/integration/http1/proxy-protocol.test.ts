import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post, RawClient } from '../../support/raw-client.ts';
import { IPV4_BLOCK, proxyHeaderV2 } from '../../support/proxy-headers.ts';
import { entry, startProxy } from './setup.ts';

const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n';
const proxyProtocol = { trust: ['127.0.0.1'] };

test.each([
  ['v1', Buffer.from(V1)],
  ['v2', proxyHeaderV2({ block: IPV4_BLOCK })],
])('%s: the client is the one that the header names', async (_, header) => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { proxyProtocol }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(Buffer.concat([header, Buffer.from(get('/'))]));
  expect((await client.answer()).status).toBe(200);
  const received = await backend.request(0);
  expect(received.header('x-forwarded-for')).toBe('192.0.2.7');
  expect(received.header('x-forwarded-port')).toBe('443');
  expect((await entry(proxy)).client).toBe('192.0.2.7');
});

test.each([
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n')],
  ['LOCAL', proxyHeaderV2({ command: 0x20, family: 0, block: Buffer.alloc(0) })],
])("%s leaves the connection's own addresses", async (_, header) => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { proxyProtocol }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(header);
  await client.request(get('/'));
  const received = await backend.request(0);
  expect([received.header('x-forwarded-for'), received.header('x-forwarded-port')]).toEqual([
    '127.0.0.1',
    String(proxy.port),
  ]);
});

test('a client of a Unix socket is not taken for its proxy', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { proxyProtocol }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(proxyHeaderV2({ family: 0x31, block: Buffer.alloc(216) }));
  await client.request(get('/'));
  const received = await backend.request(0);
  expect([received.header('x-forwarded-for'), received.header('forwarded')]).toEqual([
    null,
    expect.stringContaining('for=unknown'),
  ]);
});

test('the header and two requests, byte by byte', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { proxyProtocol }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (const character of `${V1}${get('/1')}${get('/2')}`) {
    await new Promise((resolve) => client.socket.write(character, resolve));
  }
  expect([(await client.answer()).status, (await client.answer()).status]).toEqual([200, 200]);
  expect(backend.requests.map(({ target }) => target)).toEqual(['/1', '/2']);
});

test('the header with a body that is larger than what is read at once, then FIN', async () => {
  const backend = await startRawBackend(async (received) => {
    await received.body();
    received.reply(ok('hello'));
  });
  const proxy = await startProxy({ listener: { proxyProtocol }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const body = 'abcdefgh'.repeat(100_000);
  client.send(`${V1}${post('/', body)}`);
  const request = await backend.request(0);
  expect(await request.body()).toBe(body);
  expect((await client.answer()).status).toBe(200);
  client.socket.end();
  expect(await client.end()).toBe('fin');
});

test('on a Unix socket the header is believed, whoever connects', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-unix-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const socketPath = path.join(folder, 'web.sock');
  const backend = await startRawBackend();
  await startProxy({ listener: { proxyProtocol: {} }, backendPort: backend.port, socketPath });
  const client = new RawClient(connect(socketPath));
  onTestFinished(() => void client.socket.destroy());
  client.send(`${V1}${get('/')}`);
  expect((await client.answer()).status).toBe(200);
  expect((await backend.request(0)).header('x-forwarded-for')).toBe('192.0.2.7');
});

test('a reload changes what new connections begin with, and leaves the others alone', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const before = await connectRaw(proxy.port);
  await before.request(get('/'));
  const { config } = proxy.service;
  const changed = { ...config, proxyProtocol: { trust: ['127.0.0.1/32'], timeoutMs: 5000 } };
  proxy.listener.update({ ...proxy.service, config: changed });
  const after = await connectRaw(proxy.port);
  after.send(`${V1}${get('/')}`);
  expect([(await after.answer()).status, (await before.request(get('/'))).status]).toEqual([200, 200]);
  const clients = backend.requests.map((request) => request.header('x-forwarded-for'));
  expect(clients).toEqual(['127.0.0.1', '192.0.2.7', '127.0.0.1']);
});
