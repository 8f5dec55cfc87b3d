import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { IPV4_BLOCK, proxyHeaderV2 } from '../../support/proxy-headers.ts';
import { connectTcp, received, startNamed, startTcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n';
const trusted = { proxyProtocol: { trust: ['127.0.0.0/8'] } };

test.each([
  ['1', Buffer.from(V1)],
  ['2', proxyHeaderV2({ block: IPV4_BLOCK })],
])(
  'version %s names the client, and what is behind it in the same segment passes on',
  async (_version, header) => {
    const backend = await startNamed('one');
    const proxy = await startTcp({ backendPort: backend.port, listener: trusted });
    const client = await connectTcp(
      proxy.port,
      Buffer.concat([header, Buffer.from('one segment, '.repeat(50)), Buffer.from('done')]),
    );
    expect(await received(client, 'done')).toBe(`one\n${'one segment, '.repeat(50)}done`);
    client.socket.end();
    expect(await poll(() => proxy.entries[0])).toMatchObject({ client: '192.0.2.7', clientPort: 4711 });
  },
);

test('a header in pieces is waited for, and the backend may speak first behind it', async () => {
  const backend = await startNamed('one');
  const proxy = await startTcp({ backendPort: backend.port, listener: trusted });
  const client = await connectTcp(proxy.port, V1.slice(0, 10));
  await poll(() => proxy.counts()['held by the listener'] === 1);
  client.send(V1.slice(10));
  await received(client, 'one\n');
});

test.each([
  ['of nobody who is trusted', { proxyProtocol: { trust: ['192.0.2.1'] } }, V1],
  ['that is none', trusted, 'GET / HTTP/1.1\r\n\r\n'],
  ['that does not come in time', { proxyProtocol: { trust: ['127.0.0.1'], timeout: '50ms' } }, 'PROXY '],
])('a header %s closes the connection', async (_what, listener, sent) => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({ backendPort: backend.port, listener });
  const client = await connectTcp(proxy.port, sent);
  await client.end();
  expect(proxy.service.counters).toMatchObject({ refused: 1, accepted: 0 });
  expect(backend.connections.length).toBe(0);
});

test('a backend gets a header of version 1 ahead of the bytes', async () => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({
    upstreams: { site: { proxyProtocol: 'v1', backends: [{ address: backend.address }] } },
  });
  const client = await connectTcp(proxy.port, 'hello');
  const text = await received(await backend.connection(0), 'hello');
  const { localPort } = client.socket;
  expect(text).toBe(`PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${proxy.port}\r\nhello`);
  client.socket.end();
  expect(await poll(() => backend.connections[0]?.ended)).toBe('fin');
});

test('a header in, a header of version 2 out: the backend hears of the client that was named', async () => {
  const backend = await startTcpBackend();
  const proxy = await startTcp({
    listener: trusted,
    upstreams: { site: { proxyProtocol: 'v2', backends: [{ address: backend.address }] } },
  });
  await connectTcp(proxy.port, `${V1}hello`);
  const text = await received(await backend.connection(0), 'hello');
  expect(Buffer.from(text, 'latin1').subarray(16, 28)).toEqual(IPV4_BLOCK);
});

test('the header goes ahead of the TLS handshake with the backend', async () => {
  const secure = await startNamed('secure', certificate('one'));
  // Takes the header off, as a server that knows it does, and hands the rest to TLS.
  let header = '';
  const front = await startTcpBackend((connection) => {
    void connection
      .until(() => (connection.buffered.includes('\r\n') ? connection.buffered : null), 'a header')
      .then((text) => {
        const end = text.indexOf('\r\n') + 2;
        header = text.slice(0, end);
        const inner = connect(secure.port, '127.0.0.1');
        inner.write(text.slice(end), 'latin1');
        connection.keepsData = false;
        connection.socket.pipe(inner).pipe(connection.socket);
      });
  });
  const proxy = await startTcp({
    upstreams: {
      site: { proxyProtocol: 'v1', tls: { verify: false }, backends: [{ address: front.address }] },
    },
  });
  const client = await connectTcp(proxy.port, 'hello');
  expect(await received(client, 'hello')).toBe('secure\nhello');
  expect(header).toBe(`PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${proxy.port}\r\n`);
});
