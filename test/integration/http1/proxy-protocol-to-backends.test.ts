import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { proxyHeaderV2 } from '../../support/proxy-headers.ts';
import { ok, startRawBackend, type BackendConnection } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { site, startProxy } from './setup.ts';

/** A backend that answers every connection once, whatever it says first. */
async function backendBehindHeader(): Promise<{ port: number; connections: BackendConnection[] }> {
  const connections: BackendConnection[] = [];
  const { port } = await startRawBackend(
    () => {},
    (connection) => {
      connections.push(connection);
      void poll(
        () => connection.transcript.includes('\r\n\r\nGET') || connection.transcript.includes('HTTP/1.1'),
      )
        .then(() => connection.send(ok('hello')))
        .catch(() => {});
    },
  );
  return { port, connections };
}

test('v1: each connection begins with the addresses of the client, and serves one request', async () => {
  const backend = await backendBehindHeader();
  const proxy = await startProxy({ upstreams: site([backend.port], { proxyProtocol: 'v1' }) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/1'))).body).toBe('hello');
  expect((await client.request(post('/2', 'body'))).body).toBe('hello');
  const header = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${proxy.port}\r\n`;
  expect(backend.connections.map(({ transcript }) => transcript.split(' HTTP/1.1')[0])).toEqual([
    `${header}GET /1`,
    `${header}POST /2`,
  ]);
});

test('v2, with what the header from the proxy before said', async () => {
  const backend = await backendBehindHeader();
  const proxy = await startProxy({
    listener: { proxyProtocol: { trust: ['127.0.0.1'] } },
    upstreams: site([backend.port], { proxyProtocol: 'v2' }),
  });
  const client = await connectRaw(proxy.port);
  client.send('PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n');
  await client.request(get('/'));
  const block = Buffer.from(`20010db8${'0'.repeat(23)}720010db8${'0'.repeat(23)}1126701bb`, 'hex');
  const header = proxyHeaderV2({ family: 0x21, block }).toString('latin1');
  expect(backend.connections[0]?.transcript.startsWith(`${header}GET / HTTP/1.1\r\n`)).toBe(true);
});

test('a client named by X-Forwarded-For has no port; beside an IPv6 address it is written as one', async () => {
  const backend = await backendBehindHeader();
  const proxy = await startProxy({
    listener: { forwarded: { trust: ['2001:db8::7'] }, proxyProtocol: { trust: ['127.0.0.1'] } },
    upstreams: site([backend.port], { proxyProtocol: 'v1' }),
  });
  const client = await connectRaw(proxy.port);
  client.send('PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n');
  await client.request(get('/', 'X-Forwarded-For: 192.0.2.9'));
  expect(backend.connections[0]?.transcript.split('\r\n')[0]).toBe(
    'PROXY TCP6 0000:0000:0000:0000:0000:ffff:c000:0209 2001:0db8:0000:0000:0000:0000:0000:0001 0 443',
  );
});

test('the pool keeps none of them, and closes none of those it has for others', async () => {
  const backend = await backendBehindHeader();
  const proxy = await startProxy({ upstreams: site([backend.port], { proxyProtocol: 'v1' }) });
  await (await connectRaw(proxy.port)).request(get('/'));
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  await poll(() => proxy.pools.count(runtime).active === 0);
  expect(proxy.pools.count(runtime)).toEqual({ active: 0, idle: 0 });
});
