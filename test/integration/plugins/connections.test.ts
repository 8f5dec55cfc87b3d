import { expect, test } from 'vitest';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import { certificateFiles } from '../../support/certificates.ts';
import { chainOf, instanceOf, SKIP } from '../../support/plugin-chain.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

test('a connection that a plugin denies is closed at once', async () => {
  const proxy = await startProxy({ plugins: chainOf({ connect: () => 'deny' }) });
  const client = await connectRaw(proxy.port);
  await client.end();
  expect([client.buffered, proxy.service.counters.refused]).toEqual(['', 1]);
});

test('connect comes after the header of the PROXY protocol', async () => {
  const seen: string[] = [];
  const backend = await startRawBackend();
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { proxyProtocol: { trust: ['127.0.0.1/32'] } },
    plugins: chainOf({ connect: ({ address, port }) => void seen.push(`${address} ${port}`) }),
  });
  const client = await connectRaw(proxy.port);
  client.send('PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n');
  expect((await client.request(get('/'))).status).toBe(200);
  expect(seen).toEqual(['192.0.2.7 4711']);
});

test('a connect hook that throws denies; with onError skip it lets in', async () => {
  const hooks = {
    connect() {
      throw new Error('broken');
    },
  };
  const backend = await startRawBackend();
  const broken = instanceOf(hooks);
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(broken) });
  await (await connectRaw(proxy.port)).end();
  expect(broken.faults).toHaveLength(1);
  const other = await startProxy({ backendPort: backend.port, plugins: chainOf(instanceOf(hooks, SKIP)) });
  expect((await (await connectRaw(other.port)).request(get('/'))).status).toBe(200);
});

test('a tls hook sees what the ClientHello says and may refuse it; the connection is the same for all hooks', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('hello')));
  const seen: unknown[] = [];
  const connections = new Set<unknown>();
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { protocol: 'https', tls: { certificates: [certificateFiles('one')] } },
    plugins: chainOf({
      connect(connection) {
        connections.add(connection);
        seen.push(connection.tls);
      },
      tls({ connection, serverName, alpn }) {
        connections.add(connection);
        seen.push([serverName, alpn]);
        return serverName === 'one.test' ? undefined : 'deny';
      },
      request(exchange) {
        connections.add(exchange.connection);
        seen.push(exchange.connection.tls?.serverName);
      },
    }),
  });
  const client = await connectTls(proxy.port, { ALPNProtocols: ['http/1.1'] });
  expect((await client.request(get('/'))).body).toBe('hello');
  expect((await client.request(get('/'))).body).toBe('hello');
  await entry(proxy, 2);
  expect(seen).toEqual([null, ['one.test', ['http/1.1']], 'one.test', 'one.test']);
  expect(connections.size).toBe(1);
  expect(await refusal(proxy.port, { servername: 'two.test' })).toMatch(/ACCESS_DENIED/);
});

test('a connect hook that is asynchronous by mistake lets nobody in', async () => {
  const hooks: PluginHooks = { connect() {} };
  // What its type keeps from TypeScript's users.
  Reflect.set(hooks, 'connect', async () => {});
  const broken = instanceOf(hooks);
  const proxy = await startProxy({ plugins: chainOf(broken) });
  await (await connectRaw(proxy.port)).end();
  expect(broken.faults.map(({ error }) => String(error))).toEqual([
    'TypeError: this hook can not be asynchronous',
  ]);
});
