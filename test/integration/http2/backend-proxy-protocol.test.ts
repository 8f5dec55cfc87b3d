import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, certificate } from '../../support/certificates.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { entry, startProxy } from '../http1/setup.ts';

const files = new Map([['/ca.pem', authority]]);
const tls = { ca: '/ca.pem' };

/** Stands ahead of a backend: takes the header of each connection off, and passes the rest on. */
async function startHeaderReader(backendPort: number): Promise<{ port: number; headers: string[] }> {
  const headers: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let received = Buffer.alloc(0);
    const onData = (piece: Buffer): void => {
      received = Buffer.concat([received, piece]);
      const end = received.indexOf('\r\n');
      if (end === -1) return;
      headers.push(received.subarray(0, end).toString('latin1'));
      socket.off('data', onData).pause();
      const onward = connect(backendPort, '127.0.0.1');
      sockets.push(onward);
      onward.on('error', () => {});
      onward.write(received.subarray(end + 2));
      socket.pipe(onward).pipe(socket);
    };
    socket.on('data', onData).on('error', () => {});
  });
  const port = await unusedPort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, headers };
}

async function startTlsBackend(): Promise<number> {
  const connections: TLSSocket[] = [];
  const server = createTlsServer({ ...certificate('local'), ALPNProtocols: ['http/1.1'] }, (socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'));
  });
  const port = await unusedPort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return port;
}

async function startH2(withTls: boolean): Promise<number> {
  const { port } = await startHttp2Backend(
    (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('hello');
    },
    withTls ? certificate('local') : {},
  );
  return port;
}

test.each([
  { what: 'HTTP/1.1 over TLS', protocol: 'http1', start: startTlsBackend },
  { what: 'HTTP/2 over TLS', protocol: 'h2', start: () => startH2(true) },
  { what: 'HTTP/2', protocol: 'h2c', start: () => startH2(false) },
  { what: 'HTTP/2 by choice of the backend', protocol: 'auto', start: () => startH2(true) },
  { what: 'HTTP/1.1 by choice of the backend', protocol: 'auto', start: startTlsBackend },
])('$what: each connection begins with the header of its client, and serves one request', async (peer) => {
  const { port, headers } = await startHeaderReader(await peer.start());
  const proxy = await startProxy({
    upstreams: {
      site: {
        protocol: peer.protocol,
        proxyProtocol: 'v1',
        backends: [{ address: `localhost:${port}` }],
        ...(peer.protocol === 'h2c' ? {} : { tls }),
      },
    },
    files,
  });
  const clients = [await connectRaw(proxy.port), await connectRaw(proxy.port)];
  const answers = await Promise.all(clients.map((client) => client.request(get('/'))));
  expect(answers.map(({ body }) => body)).toEqual(['hello', 'hello']);
  expect((await clients[0]?.request(get('/')))?.body).toBe('hello');
  const headerOf = (client: number): string =>
    `PROXY TCP4 127.0.0.1 127.0.0.1 ${clients[client]?.socket.localPort} ${proxy.port}`;
  expect(headers.toSorted()).toEqual([headerOf(0), headerOf(0), headerOf(1)].toSorted());
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  await poll(() => proxy.pools.count(runtime).active === 0);
  expect(proxy.pools.count(runtime)).toEqual({ active: 0, idle: 0 });
});

test.each(['http1', 'h2'])(
  '%s over TLS: a backend that is not there is a 502, and no more',
  async (protocol) => {
    const backends = [{ address: `localhost:${await unusedPort()}` }];
    const proxy = await startProxy({
      upstreams: { site: { protocol, tls, proxyProtocol: 'v2', backends } },
      files,
    });
    const client = await connectRaw(proxy.port);
    expect((await client.request(get('/'))).status).toBe(502);
    expect((await entry(proxy)).error).toBe('connect-failed');
  },
);

test('over TLS: a backend that resets the connection at the header is a 502, and no more', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy = await startProxy({
    upstreams: {
      site: { tls, proxyProtocol: 'v1', backends: [{ address: `localhost:${address.port}` }] },
    },
    files,
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(502);
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  expect(proxy.pools.count(runtime)).toEqual({ active: 0, idle: 0 });
});

test('over TLS: a backend that never begins the handshake is given up, and its connection closed', async () => {
  const closed: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume();
    closed.push(once(socket, 'close'));
  });
  const port = await unusedPort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const site = {
    tls,
    proxyProtocol: 'v1',
    timeouts: { connect: '200ms' },
    retries: { attempts: 1 },
    backends: [{ address: `localhost:${port}` }],
  };
  const proxy = await startProxy({ upstreams: { site }, files });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(504);
  expect(closed).toHaveLength(1);
  await Promise.all(closed);
});
